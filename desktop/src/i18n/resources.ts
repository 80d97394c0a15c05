import type { Language } from '../contracts/desktop.ts';
import { common } from './en/common.ts';
import { errors } from './en/errors.ts';
import { farm } from './en/farm.ts';
import { library } from './en/library.ts';
import { main } from './en/main.ts';
import { queue } from './en/queue.ts';
import { settings } from './en/settings.ts';
import { signIn } from './en/signIn.ts';
import { common as commonZh } from './zh-CN/common.ts';
import { errors as errorsZh } from './zh-CN/errors.ts';
import { farm as farmZh } from './zh-CN/farm.ts';
import { library as libraryZh } from './zh-CN/library.ts';
import { main as mainZh } from './zh-CN/main.ts';
import { queue as queueZh } from './zh-CN/queue.ts';
import { settings as settingsZh } from './zh-CN/settings.ts';
import { signIn as signInZh } from './zh-CN/signIn.ts';

const en = { common, errors, signIn, queue, library, farm, settings, main };
const zhCN = {
  common: commonZh,
  errors: errorsZh,
  signIn: signInZh,
  queue: queueZh,
  library: libraryZh,
  farm: farmZh,
  settings: settingsZh,
  main: mainZh,
};

/** The texts of a language by namespace, with the keys of the English ones. */
export type Texts = typeof en;
export type Namespace = keyof Texts;

/** All texts of the app. Chinese has the keys of English, which the type of each of its files sees to. */
export const RESOURCES = { en, 'zh-CN': zhCN } satisfies Record<Language, Record<Namespace, object>>;
