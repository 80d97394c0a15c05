import type { MantineColorsTuple } from '@mantine/core';

/*
 * Scales from light to dark. Shade 7 is for light surfaces and shade 4 for dark ones: both have at least 4.5:1 against
 * the surfaces and against the page, which the axe test sees to.
 */

export const accent: MantineColorsTuple = [
  '#eef1fd',
  '#dfe5fb',
  '#c3cef8',
  '#a6b7fb',
  '#8aa2ff',
  '#7790f3',
  '#5673df',
  '#3a5bd0',
  '#2f4cb3',
  '#263d91',
];

/** Warm greys. */
export const gray: MantineColorsTuple = [
  '#faf9f7',
  '#f3f2ee',
  '#eae8e3',
  '#dfddd6',
  '#cfccc3',
  '#a5a196',
  '#65625b',
  '#55524c',
  '#3d3b37',
  '#262522',
];

export const dark: MantineColorsTuple = [
  '#ecedf0',
  '#d0d2d8',
  '#a9adb6',
  '#9298a3',
  '#3c3f47',
  '#2e3138',
  '#25272d',
  '#1f2126',
  '#191a1d',
  '#121316',
];

export const red: MantineColorsTuple = [
  '#fdeeec',
  '#fbdcd9',
  '#f9c0ba',
  '#fcaba3',
  '#ff9b91',
  '#ee7a6f',
  '#d0443a',
  '#b3261e',
  '#951b15',
  '#75140f',
];

export const green: MantineColorsTuple = [
  '#e9f6ee',
  '#d3ecdd',
  '#aedbc0',
  '#8fd3aa',
  '#72cc97',
  '#4fae78',
  '#2f8f5a',
  '#1d7042',
  '#165a35',
  '#104528',
];

export const yellow: MantineColorsTuple = [
  '#fdf4e3',
  '#faeac8',
  '#f4d99c',
  '#f2cb79',
  '#efbd58',
  '#d49c32',
  '#a97614',
  '#825700',
  '#694600',
  '#4f3500',
];
