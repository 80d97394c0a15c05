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

const USER = 'ID or e-mail address of the account';
const JSON_HELP = 'print the response of the API';
const ROLES = ['creator', 'admin'] as const;
const never = (): AbortSignal => new AbortController().signal;

interface Json {
  json?: boolean;
}

/** `reelmill admin users …` */
export function addUserCommands(admin: Command, run: RunAdminCommand): void {
  const users = admin.command('users').description('manage accounts');
  addListing(users, run);
  addCreation(users, run);
  addChanges(users, run);
}

function addListing(users: Command, run: RunAdminCommand): void {
  addPage(users.command('list').description('list accounts, oldest first'))
    .option('--search <text>', 'only accounts with this text in their e-mail address or name')
    .addOption(new Option('--role <role>', 'only accounts with this role').choices(ROLES))
    .option('--disabled', 'only disabled accounts')
    .action((options: Page & Json & { search?: string; role?: Role; disabled?: true }) => {
      const { json, ...query } = options;
      return run(json, async (context) => {
        const response = await context.api.listUsers(query, never());
        return printPage(context, response, response.users.length, () =>
          alignColumns([HEAD, ...response.users.map(rowOf)]),
        );
      });
    });
}

interface CreateOptions extends Json {
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

function addCreation(users: Command, run: RunAdminCommand): void {
  users
    .command('create')
    .description('create an account; its password is shown once')
    .argument('<e-mail>')
    .option('--nickname <name>', 'display name (default: from the e-mail address)')
    .addOption(new Option('--role <role>').choices(ROLES).default('creator'))
    .option('--quota-bytes <size>', 'maximum size of its sources, such as 50G', readByteQuota)
    .option('--quota-videos <n>', 'maximum number of videos', readCountQuota)
    .option('--quota-running-tasks <n>', 'maximum number of tasks running at a time', readCountQuota)
    .option('--quota-queued-minutes <n>', 'maximum minutes of video in the queue', readCountQuota)
    .option('--quota-daily-minutes <n>', 'maximum minutes of video converted in 24 hours', readCountQuota)
    .option('--password-stdin', 'read the password from the first line of standard input')
    .option('--json', JSON_HELP)
    .action((email: string, options: CreateOptions) =>
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
        const response = await context.api.createUser({ email, nickname, role, password, quota }, never());
        const made = `Account ${response.user.user_id} created for ${printable(response.user.email)}.`;
        return print(context, response, [made, ...formatPassword(response.password)]);
      }),
    );
  users
    .command('reset-password')
    .description('set a new password for an account, shown once; its sessions end')
    .argument('<user>', USER)
    .option('--password-stdin', 'read the password from the first line of standard input')
    .option('--json', JSON_HELP)
    .action((user: string, options: Json & { passwordStdin?: boolean }) =>
      run(options.json, async (context) => {
        const password = await readPassword(context.terminal, options.passwordStdin);
        const userId = await findUser(context.api, user);
        const response = await context.api.resetPassword(userId, password, never());
        const done = `Password of ${printable(response.user.email)} reset; its sessions have ended.`;
        return print(context, response, [done, ...formatPassword(response.password)]);
      }),
    );
}

function addChanges(users: Command, run: RunAdminCommand): void {
  const change = (user: string, json: boolean | undefined, update: AdminUserUpdate): Promise<void> =>
    run(json, async (context) => {
      const response = await context.api.updateUser(await findUser(context.api, user), update, never());
      return print(context, response, alignColumns([HEAD, rowOf(response)]));
    });
  users
    .command('disable')
    .description('disable an account at once; its videos stay as they are')
    .argument('<user>', USER)
    .option('--json', JSON_HELP)
    .action((user: string, { json }: Json) => change(user, json, { disabled: true }));
  users
    .command('enable')
    .description('enable a disabled account')
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
    .option('--bytes <size>', 'size of its sources, such as 50G, "unlimited" or "default"', readByteQuota)
    .option('--videos <n>', 'number of videos, "unlimited" or "default"', readCountQuota)
    .option('--running-tasks <n>', 'tasks running at a time', readCountQuota)
    .option('--queued-minutes <n>', 'minutes of video in the queue', readCountQuota)
    .option('--daily-minutes <n>', 'minutes of video converted in 24 hours', readCountQuota)
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

/** Returns the ID of an account, given as its ID or its whole e-mail address. Throws `not_found`. */
export async function findUser(api: AdminApi, user: string): Promise<number> {
  if (/^\d{1,15}$/.test(user)) return Number(user);
  const email = user.trim().toLowerCase();
  const { users } = await api.listUsers({ search: email, limit: 100 }, never());
  const found = users.find((one) => one.email === email);
  if (found === undefined) throw new ReelmillError('not_found', `No account found for ${printable(user)}.`);
  return found.user_id;
}

async function readPassword(terminal: Terminal, fromStdin: boolean | undefined): Promise<string | undefined> {
  if (!fromStdin) return undefined;
  const [password = ''] = await readLines(terminal, 1);
  return password;
}

function formatPassword(password: string | null): string[] {
  if (password === null) return [];
  return [`Password: ${password}`, 'It is not shown again; its owner should change it.'];
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
