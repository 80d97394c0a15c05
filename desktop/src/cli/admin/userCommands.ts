import type { AdminUser, AdminUserUpdate, QuotaUpdate } from '@reelmill/shared/contracts/adminUsers.ts';
import type { Role } from '@reelmill/shared/contracts/users.ts';
import { formatBytes } from '@reelmill/shared/core/formatBytes.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type Command, Option } from 'commander';
import type { AdminApi } from '../../engine/api/adminApi.ts';
import { readByteQuota, readCountQuota } from '../arguments.ts';
import { printable } from '../formats.ts';
import { alignColumns } from '../table.ts';
import { readLines, type Terminal } from '../terminal.ts';
import { addPage, type Page, print, printPage, type RunAdminCommand } from './adminCommand.ts';

const USER = 'number or e-mail address of the account';
const JSON_HELP = 'print the answer of the API';
const ROLES = ['creator', 'admin'] as const;
const never = (): AbortSignal => new AbortController().signal;

interface Json {
  json?: boolean;
}

/** `reelmill admin users …` */
export function addUserCommands(admin: Command, run: RunAdminCommand): void {
  const users = admin.command('users').description('look after accounts');
  addListing(users, run);
  addMaking(users, run);
  addChanging(users, run);
}

function addListing(users: Command, run: RunAdminCommand): void {
  addPage(users.command('list').description('list the accounts, the oldest first'))
    .option('--search <text>', 'only those with this in their e-mail address or name')
    .addOption(new Option('--role <role>', 'only those').choices(ROLES))
    .option('--disabled', 'only those that are disabled')
    .action((options: Page & Json & { search?: string; role?: Role; disabled?: true }) => {
      const { json, ...query } = options;
      return run(json, async (context) => {
        const answer = await context.api.listUsers(query, never());
        return printPage(context, answer, answer.users.length, () =>
          alignColumns([HEAD, ...answer.users.map(rowOf)]),
        );
      });
    });
}

interface MakeOptions extends Json {
  nickname?: string;
  role: Role;
  quotaBytes?: QuotaUpdate['bytes'];
  quotaVideos?: QuotaUpdate['videos'];
  quotaRunningTasks?: QuotaUpdate['running_tasks'];
  quotaQueuedMinutes?: QuotaUpdate['queued_minutes'];
  quotaDailyMinutes?: QuotaUpdate['daily_minutes'];
  passwordStdin?: boolean;
}

interface QuotaOptions extends Json, Pick<QuotaUpdate, 'bytes' | 'videos'> {
  runningTasks?: QuotaUpdate['running_tasks'];
  queuedMinutes?: QuotaUpdate['queued_minutes'];
  dailyMinutes?: QuotaUpdate['daily_minutes'];
}

function addMaking(users: Command, run: RunAdminCommand): void {
  users
    .command('create')
    .description('make an account; its password is shown once')
    .argument('<e-mail>')
    .option('--nickname <name>', 'how it is called (default: from the address)')
    .addOption(new Option('--role <role>').choices(ROLES).default('creator'))
    .option('--quota-bytes <size>', 'how much its sources may take, such as 50G', readByteQuota)
    .option('--quota-videos <n>', 'how many videos it may have', readCountQuota)
    .option('--quota-running-tasks <n>', 'how many of its tasks may run at a time', readCountQuota)
    .option('--quota-queued-minutes <n>', 'how much of its video may be planned at a time', readCountQuota)
    .option('--quota-daily-minutes <n>', 'how much of its video is converted in 24 hours', readCountQuota)
    .option('--password-stdin', 'read its password from the first line of standard input')
    .option('--json', JSON_HELP)
    .action((email: string, options: MakeOptions) =>
      run(options.json, async (context) => {
        const { nickname, role, passwordStdin } = options;
        const quota: QuotaUpdate = {
          bytes: options.quotaBytes,
          videos: options.quotaVideos,
          running_tasks: options.quotaRunningTasks,
          queued_minutes: options.quotaQueuedMinutes,
          daily_minutes: options.quotaDailyMinutes,
        };
        const password = await readPassword(context.terminal, passwordStdin);
        const answer = await context.api.createUser({ email, nickname, role, password, quota }, never());
        const made = `${printable(answer.user.email)} has an account now (${answer.user.user_id}).`;
        return print(context, answer, [made, ...formatPassword(answer.password)]);
      }),
    );
  users
    .command('reset-password')
    .description('give an account another password, which is shown once; its sessions end')
    .argument('<user>', USER)
    .option('--password-stdin', 'read the password from the first line of standard input')
    .option('--json', JSON_HELP)
    .action((user: string, options: Json & { passwordStdin?: boolean }) =>
      run(options.json, async (context) => {
        const password = await readPassword(context.terminal, options.passwordStdin);
        const userId = await findUser(context.api, user);
        const answer = await context.api.resetPassword(userId, password, never());
        const done = `${printable(answer.user.email)} has another password now; its sessions have ended.`;
        return print(context, answer, [done, ...formatPassword(answer.password)]);
      }),
    );
}

function addChanging(users: Command, run: RunAdminCommand): void {
  const change = (user: string, json: boolean | undefined, update: AdminUserUpdate): Promise<void> =>
    run(json, async (context) => {
      const answer = await context.api.updateUser(await findUser(context.api, user), update, never());
      return print(context, answer, alignColumns([HEAD, rowOf(answer)]));
    });
  users
    .command('disable')
    .description('shut an account out at once; its videos stay as they are')
    .argument('<user>', USER)
    .option('--json', JSON_HELP)
    .action((user: string, { json }: Json) => change(user, json, { disabled: true }));
  users
    .command('enable')
    .description('let an account in again')
    .argument('<user>', USER)
    .option('--json', JSON_HELP)
    .action((user: string, { json }: Json) => change(user, json, { disabled: false }));
  users
    .command('role')
    .description('make an account an admin, or a creator again')
    .argument('<user>', USER)
    .addArgument(users.createArgument('<role>').choices(ROLES))
    .option('--json', JSON_HELP)
    .action((user: string, role: Role, { json }: Json) => change(user, json, { role }));
  users
    .command('quota')
    .description('set the quotas of an account; "default" uses the limits that the server is configured with')
    .argument('<user>', USER)
    .option('--bytes <size>', 'of sources, such as 50G, "unlimited" or "default"', readByteQuota)
    .option('--videos <n>', 'a number, "unlimited" or "default"', readCountQuota)
    .option('--running-tasks <n>', 'tasks that may run at a time', readCountQuota)
    .option('--queued-minutes <n>', 'minutes of video that may be planned at a time', readCountQuota)
    .option('--daily-minutes <n>', 'minutes of video that are converted in 24 hours', readCountQuota)
    .option('--json', JSON_HELP)
    .action((user: string, { json, runningTasks, queuedMinutes, dailyMinutes, ...sizes }: QuotaOptions) =>
      change(user, json, {
        quota: {
          ...sizes,
          running_tasks: runningTasks,
          queued_minutes: queuedMinutes,
          daily_minutes: dailyMinutes,
        },
      }),
    );
}

/** The number of an account from its number or its whole e-mail address. */
export async function findUser(api: AdminApi, user: string): Promise<number> {
  if (/^\d{1,15}$/.test(user)) return Number(user);
  const email = user.trim().toLowerCase();
  const { users } = await api.listUsers({ search: email, limit: 100 }, never());
  const found = users.find((one) => one.email === email);
  if (found === undefined) throw new ReelmillError('not_found', `There is no account ${printable(user)}.`);
  return found.user_id;
}

async function readPassword(terminal: Terminal, fromStdin: boolean | undefined): Promise<string | undefined> {
  if (!fromStdin) return undefined;
  const [password = ''] = await readLines(terminal, 1);
  return password;
}

function formatPassword(password: string | null): string[] {
  if (password === null) return [];
  return [`Password: ${password}`, 'It is not shown again; its owner should choose another one.'];
}

const HEAD = ['ID', 'E-MAIL', 'NAME', 'ROLE', 'STATE', 'VIDEOS', 'STORAGE', 'TASKS', 'QUEUED', 'TODAY'];

function rowOf({ user_id, email, nickname, role, disabled, quota }: AdminUser): string[] {
  const { bytes, videos } = quota;
  const state = disabled ? 'disabled' : 'active';
  return [
    String(user_id),
    printable(email),
    printable(nickname),
    role,
    state,
    useOf(videos),
    bytes.limit === null
      ? formatBytes(bytes.used)
      : `${formatBytes(bytes.used)} of ${formatBytes(bytes.limit)}`,
    useOf(quota.running_tasks),
    useOf(quota.queued_minutes, ' min'),
    useOf(quota.daily_minutes, ' min'),
  ];
}

/** A server of an earlier version does not report every use. */
function useOf(use: AdminUser['quota']['running_tasks'], unit = ''): string {
  if (use === undefined) return '-';
  return use.limit === null ? `${use.used}${unit}` : `${use.used} of ${use.limit}${unit}`;
}
