import { MantineProvider } from '@mantine/core';
import { createRoot } from 'react-dom/client';
import '@mantine/core/styles.css';
const root = document.getElementById('root');
if (root) createRoot(root).render(<MantineProvider>hello</MantineProvider>);
