#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { setPrivateUmask } from '@reelmill/shared/runtime/filePermissions.ts';
import { watchOutput } from './watchOutput.ts';

setPrivateUmask();
enableCompileCache();
const output = watchOutput(process);
const { runCli } = await import('./program.ts');
process.exitCode = await output.check(await runCli(process.argv.slice(2), process, process.env));
