import {
  type AuditAction,
  type AuditEntry,
  type AuditTargetKind,
  auditActionSchema,
  auditTargetKindSchema,
} from '@reelmill/shared/contracts/audit.ts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { printable } from '../formats.ts';
import { alignColumns } from '../table.ts';
import { addPage, type Page, printPage, type RunAdminCommand } from './adminCommand.ts';
import { findUser } from './userCommands.ts';

interface AuditOptions extends Page {
  action?: AuditAction;
  actor?: string;
  target?: { kind: AuditTargetKind; id: string | undefined };
  since?: string;
  until?: string;
  json?: boolean;
}

/** `reelmill admin audit` */
export function addAuditCommand(admin: Command, run: RunAdminCommand): void {
  const command = admin.command('audit').description('show the audit log, newest first');
  const action = new Option('--action <action>', 'only this action').choices(auditActionSchema.options);
  addPage(command)
    .addOption(action)
    .option('--actor <user>', 'only actions of this account: its ID or e-mail address')
    .option('--target <kind[:id]>', 'only actions on this target, such as user:7 or worker', readTarget)
    .option('--since <time>', 'from this time on, such as 2026-01-31 or 2026-01-31T08:00Z', readTime)
    .option('--until <time>', 'before this time', readTime)
    .action(({ json, actor, target, ...query }: AuditOptions) =>
      run(json, async (context) => {
        const signal = new AbortController().signal;
        const who = actor === undefined ? {} : { actor: await findUser(context.api, actor) };
        const what = target === undefined ? {} : { target_kind: target.kind, target_id: target.id };
        const response = await context.api.listAudit({ ...query, ...who, ...what }, signal);
        return printPage(context, response, response.entries.length, () =>
          alignColumns([HEAD, ...response.entries.map(rowOf)]),
        );
      }),
    );
}

const HEAD = ['WHEN', 'WHO', 'FROM', 'WHAT', 'TO', 'DETAILS'];

function rowOf({ at, actor, address, action, target, details }: AuditEntry): string[] {
  return [
    at,
    printable(actor?.email ?? 'the server'),
    printable(address ?? '-'),
    action,
    target === null ? '-' : printable([target.kind, target.id ?? []].flat().join(' ')),
    printable(Object.keys(details).length === 0 ? '' : JSON.stringify(details)),
  ];
}

function readTarget(text: string): AuditOptions['target'] {
  const [kind, ...id] = text.split(':');
  const parsed = auditTargetKindSchema.safeParse(kind);
  if (!parsed.success) {
    throw new InvalidArgumentError(`Must begin with one of ${auditTargetKindSchema.options.join(', ')}.`);
  }
  return { kind: parsed.data, id: id.length === 0 ? undefined : id.join(':') };
}

function readTime(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('Must be a date, or a date and a time.');
  return time.toISOString();
}
