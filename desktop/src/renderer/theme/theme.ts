import {
  Alert,
  Badge,
  Button,
  Checkbox,
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  Menu,
  Modal,
  Notification,
  Paper,
  Popover,
  Switch,
  Tooltip,
  type VariantColorsResolver,
} from '@mantine/core';
import { accent, dark, gray, green, red, yellow } from './colors.ts';

const FONTS = [
  '-apple-system',
  'BlinkMacSystemFont',
  '"Segoe UI Variable Text"',
  '"Segoe UI"',
  'Roboto',
  '"Noto Sans"',
  '"PingFang SC"',
  '"Microsoft YaHei UI"',
  '"Noto Sans CJK SC"',
  '"DejaVu Sans"',
  'sans-serif',
].join(', ');

/** The accent of the dark scheme is light: what is filled with it needs dark text there, which Mantine cannot know. */
const variantColors: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  return input.variant === 'filled' ? { ...colors, color: 'var(--on-filled)' } : colors;
};

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 4 },
  variantColorResolver: variantColors,
  colors: {
    accent,
    indigo: accent,
    blue: accent,
    gray,
    dark,
    red,
    green,
    teal: green,
    yellow,
    orange: yellow,
  },
  black: '#1c1c1e',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: FONTS,
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.1875rem' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.55', xl: '1.6' },
  headings: {
    fontFamily: FONTS,
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.35' },
      h2: { fontSize: '1rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.45' },
    },
  },
  components: {
    Alert: Alert.extend({ defaultProps: { variant: 'light' } }),
    Badge: Badge.extend({ defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 550 } }),
    Button: Button.extend({ defaultProps: { fw: 550 } }),
    Checkbox: Checkbox.extend({ defaultProps: { iconColor: 'var(--on-filled)' } }),
    // without an element that only holds the focus, which is no part of a menu
    Menu: Menu.extend({ defaultProps: { shadow: 'md', radius: 'md', withInitialFocusPlaceholder: false } }),
    Modal: Modal.extend({
      defaultProps: { centered: true, radius: 'lg', overlayProps: { backgroundOpacity: 0.45 } },
      styles: { title: { fontSize: 'var(--mantine-font-size-lg)', fontWeight: 650 } },
    }),
    Notification: Notification.extend({
      defaultProps: { withBorder: true },
      styles: { icon: { color: 'var(--on-filled)' } },
    }),
    Paper: Paper.extend({ defaultProps: { radius: 'md' } }),
    Popover: Popover.extend({ defaultProps: { shadow: 'md', radius: 'md' } }),
    Switch: Switch.extend({ defaultProps: { withThumbIndicator: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: false, radius: 'sm' } }),
  },
});

/** Surfaces (cards, dialogs, menus) are `--mantine-color-body`; the page behind them is `--page`. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--page': 'var(--mantine-color-gray-0)',
    '--sidebar': 'var(--mantine-color-gray-1)',
    '--line': 'var(--mantine-color-gray-3)',
    '--on-filled': '#ffffff',
    '--hover': 'rgba(40, 36, 20, 0.05)',
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#1c1c1e',
    '--mantine-color-dimmed': 'var(--mantine-color-gray-6)',
    '--mantine-color-placeholder': '#716d66',
    '--mantine-color-error': 'var(--mantine-color-red-7)',
    '--mantine-color-success': 'var(--mantine-color-green-7)',
    '--mantine-color-default-border': 'var(--mantine-color-gray-4)',
    '--switch-off': '#8f8b81',
  },
  dark: {
    '--page': 'var(--mantine-color-dark-8)',
    '--sidebar': '#151619',
    '--line': '#2f3239',
    '--on-filled': '#10131f',
    '--hover': 'rgba(255, 255, 255, 0.06)',
    '--mantine-color-body': 'var(--mantine-color-dark-7)',
    '--mantine-color-dimmed': 'var(--mantine-color-dark-2)',
    '--mantine-color-placeholder': 'var(--mantine-color-dark-3)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
    '--mantine-color-success': 'var(--mantine-color-green-4)',
    '--mantine-color-default': 'var(--mantine-color-dark-6)',
    '--mantine-color-default-border': 'var(--mantine-color-dark-4)',
    '--mantine-color-accent-light': '#272d45',
    '--mantine-color-accent-light-hover': '#303855',
    '--mantine-color-accent-light-color': 'var(--mantine-color-accent-2)',
    '--mantine-color-red-light': '#45221f',
    '--mantine-color-red-light-hover': '#552a26',
    '--mantine-color-green-light': '#1d3a2a',
    '--mantine-color-green-light-hover': '#254a36',
    '--mantine-color-yellow-light': '#3d2f14',
    '--mantine-color-yellow-light-hover': '#4d3b1a',
    '--mantine-color-gray-light': '#2c2f36',
    '--mantine-color-gray-light-hover': '#363a42',
    '--mantine-color-gray-light-color': 'var(--mantine-color-dark-1)',
    '--switch-off': '#6d727d',
  },
});
