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
  const command = admin.command('audit').description('show who did what, the newest first');
  const action = new Option('--action <action>', 'only this').choices(auditActionSchema.options);
  addPage(command)
    .addOption(action)
    .option('--actor <user>', 'only what this account did: its number or e-mail address')
    .option('--target <kind[:id]>', 'only what was done to these, such as user:7 or worker', readTarget)
    .option('--since <time>', 'from then on, such as 2026-01-31 or 2026-01-31T08:00Z', readTime)
    .option('--until <time>', 'before then', readTime)
    .action(({ json, actor, target, ...query }: AuditOptions) =>
      run(json, async (context) => {
        const signal = new AbortController().signal;
        const who = actor === undefined ? {} : { actor: await findUser(context.api, actor) };
        const what = target === undefined ? {} : { target_kind: target.kind, target_id: target.id };
        const answer = await context.api.listAudit({ ...query, ...who, ...what }, signal);
        return printPage(context, answer, answer.entries.length, () =>
          alignColumns([HEAD, ...answer.entries.map(rowOf)]),
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
    throw new InvalidArgumentError(`It must begin with one of ${auditTargetKindSchema.options.join(', ')}.`);
  }
  return { kind: parsed.data, id: id.length === 0 ? undefined : id.join(':') };
}

function readTime(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('It must be a date, or a date and a time.');
  return time.toISOString();
}
