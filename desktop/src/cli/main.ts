#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { createPrivateFilesOnly } from '@reelmill/shared/runtime/privateFiles.ts';
import { watchOutput } from './watchOutput.ts';

createPrivateFilesOnly();
enableCompileCache();
const output = watchOutput(process);
const { runCli } = await import('./program.ts');
process.exitCode = await output.check(await runCli(process.argv.slice(2), process, process.env));
