#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { createPrivateFilesOnly } from '@reelmill/shared/runtime/privateFiles.ts';

createPrivateFilesOnly();
enableCompileCache();
const { runCli } = await import('./program.ts');
process.exitCode = await runCli(process.argv.slice(2), process, process.env);
