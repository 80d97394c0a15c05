import { createRoot } from 'react-dom/client';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './theme/global.css';
import { App } from './app/App.tsx';
import { StartFailed } from './app/StartFailed.tsx';
import { startStores } from './app/start.ts';
import { startTexts } from './app/startTexts.ts';
import { publishStyleNonce } from './theme/nonce.ts';

publishStyleNonce();
startTexts();
const root = createRoot(document.getElementById('root') ?? document.body);
startStores().then(
  () => root.render(<App />),
  () => root.render(<StartFailed />),
);
