import { createRoot } from 'react-dom/client';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './theme/global.css';
import { App } from './App.tsx';
import { startTexts } from './i18n.ts';
import { StartFailed } from './layout/StartFailed.tsx';
import { startStores } from './start.ts';
import { publishStyleNonce } from './theme/nonce.ts';

publishStyleNonce();
startTexts();
const root = createRoot(document.getElementById('root') ?? document.body);
startStores().then(
  () => root.render(<App />),
  () => root.render(<StartFailed />),
);
