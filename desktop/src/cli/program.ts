import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { Command, CommanderError } from 'commander';
import type { SavedSession } from '../engine/api/session.ts';
import { type Client, createClient } from '../node/client.ts';
import { findClientFolder } from '../node/clientFolder.ts';
import { type Proxies, readProxies as readProxyVariables } from '../node/proxies.ts';
import { changePassword, type LoginOptions, logIn, logOut } from './accountCommands.ts';
import { addAdminCommands } from './admin/adminCommands.ts';
import { readCount, readNumber, readRate } from './arguments.ts';
import { EXIT, exitCodeOf, exitCodeTable } from './exitCodes.ts';
import type { Terminal } from './terminal.ts';
import { type UploadCommandOptions, uploadFiles } from './uploadCommand.ts';
import {
  cancelVideo,
  deleteVideo,
  listVideos,
  retryVideo,
  showLink,
  showStatus,
  type VideoCommandContext,
} from './videoCommands.ts';

const ENVIRONMENT = `Environment:
  REELMILL_CONFIG_DIR      folder for the session and unfinished uploads
  HTTP_PROXY, HTTPS_PROXY  proxies for http and https, such as http://user:password@proxy.example.com:3128
  NO_PROXY                 hosts to connect to directly, separated by commas`;
const DEFAULT_SERVER = 'http://127.0.0.1:8080';

/** Runs `reelmill` with the given arguments (without program and script) and returns the exit code. Never throws. */
export async function runCli(
  args: readonly string[],
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const folder = findClientFolder(env);
  const proxies = readProxies(env, terminal);
  if (proxies === null) return EXIT.usage.code;
  const client = createClient(folder, { proxies });
  let exitCode: number = EXIT.ok.code;
  const program = buildProgram({ client, terminal, sessionFile: folder.sessionFile }, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportError(terminal, error);
  } finally {
    client.close();
  }
}

/** Returns the proxies of the environment; reports an invalid one and returns null. */
function readProxies(env: Parameters<typeof readProxyVariables>[0], terminal: Terminal): Proxies | null {
  try {
    return readProxyVariables(env);
  } catch (error) {
    reportError(terminal, error);
    return null;
  }
}

function buildProgram(
  { client, terminal, sessionFile }: { client: Client; terminal: Terminal; sessionFile: string },
  exit: (code: number) => void,
): Command {
  const program = new Command('reelmill')
    .description('Uploads videos to a Reelmill server and follows them until they can be watched.')
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .exitOverride()
    .allowExcessArguments()
    .addHelpText('after', `\n${exitCodeTable()}\n\n${ENVIRONMENT}`);

  program
    .command('login')
    .description(
      'log in; the session is saved unencrypted in your configuration folder, readable only by you',
    )
    .option('--server <url>', 'address of the server', DEFAULT_SERVER)
    .option('--email <address>', 'e-mail address of the account')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .action(async (options: LoginOptions) =>
      exit(await logIn(client, terminal, { ...options, sessionFile })),
    );
  program
    .command('logout')
    .description('log out and remove the saved session')
    .action(async () => exit(await logOut(client, terminal)));
  program
    .command('password')
    .description('change your password; all other sessions end')
    .option('--password-stdin', 'read the current and the new password from two lines of standard input')
    .action(async (options: { passwordStdin?: boolean }) => {
      // before prompting
      await requireSession(client);
      exit(await changePassword(client, terminal, options));
    });
  program
    .command('upload')
    .description('upload files; unfinished uploads of the same files resume where they stopped')
    .argument('<file...>', 'video files')
    .option('--title <text>', 'title of the video (single file only; default: the file name)')
    .option('--concurrency <n>', 'parts of a file to send at the same time (default: 4)', readCount)
    .option('--files <n>', 'files to send at the same time (default: 2)', readCount)
    .option(
      '--limit-rate <rate>',
      'limit for all uploads together in bytes per second, such as 500K or 2M',
      readRate,
    )
    .option('--wait', 'wait until the videos are online')
    .option('--json', 'print one JSON object per event')
    .action(async (paths: string[], options: UploadCommandOptions) => {
      if (options.title !== undefined && paths.length > 1) {
        program.error('error: --title can only be used with a single file', { exitCode: EXIT.usage.code });
      }
      const session = await requireSession(client);
      exit(await uploadFiles(client, terminal, { session, paths, options }));
    });
  const run: RunCommand = async (json, work) => {
    const api = client.api(await requireSession(client));
    exit(await work({ api, journal: client.journal, terminal, json: json ?? false }));
  };
  addVideoCommands(program, run);
  addAdminCommands(program, run);
  return program;
}

type RunCommand = (
  json: boolean | undefined,
  work: (context: VideoCommandContext) => Promise<number>,
) => Promise<void>;

function addVideoCommands(program: Command, run: RunCommand): void {
  program
    .command('list')
    .description('list your videos, newest first')
    .option('--limit <n>', 'maximum number of videos', readCount, 20)
    .option('--offset <n>', 'number of videos to skip', readNumber, 0)
    .option('--json', 'print the response of the API')
    .action((options: { limit: number; offset: number; json?: boolean }) =>
      run(options.json, (context) => listVideos(context, options)),
    );
  program
    .command('status')
    .description('show the status of a video')
    .argument('<id>', 'ID of the video', readCount)
    .option('--follow', 'keep following it until it is online or has failed')
    .option('--json', 'print one JSON object per change')
    .action((id: number, options: { follow?: boolean; json?: boolean }) =>
      run(options.json, (context) => showStatus(context, id, { follow: options.follow ?? false })),
    );
  program
    .command('link')
    .description('print the link to the page of a video')
    .argument('<id>', 'ID of the video', readCount)
    .option('--renew', 'create a new link; all links that you have shared stop working at once')
    .option('--json', 'print one JSON object')
    .action((id: number, options: { renew?: boolean; json?: boolean }) =>
      run(options.json, (context) => showLink(context, id, { renew: options.renew ?? false })),
    );
  const commands = [
    ['cancel', 'cancel the upload or the transcoding of a video', cancelVideo],
    ['retry', 'transcode a failed or canceled video again', retryVideo],
    ['delete', 'delete a video and all of its files', deleteVideo],
  ] as const;
  for (const [name, description, command] of commands) {
    program
      .command(name)
      .description(description)
      .argument('<id>', 'ID of the video', readCount)
      .option('--json', 'print one JSON object')
      .action((id: number, options: { json?: boolean }) =>
        run(options.json, (context) => command(context, id)),
      );
  }
}

async function requireSession(client: Client): Promise<SavedSession> {
  const session = await client.session();
  if (session !== null) return session;
  throw new ReelmillError('unauthorized', 'Not logged in. Run `reelmill login` first.');
}

/** Prints the error and returns its exit code. */
function reportError(terminal: Terminal, error: unknown): number {
  // commander has printed its own message already
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok.code : EXIT.usage.code;
  if (error instanceof ReelmillError) {
    terminal.stderr.write(`${error.message}\n`);
    return error.code === 'validation_failed' ? EXIT.usage.code : exitCodeOf(error.code);
  }
  terminal.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return EXIT.failure.code;
}
