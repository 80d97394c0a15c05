import { describeConfig } from '@reelmill/shared/runtime/config.ts';

/** The README's configuration table, made from the configuration itself. */
export function configTable(): string {
  const rows = describeConfig().map(
    ({ name, default: value, description }) =>
      `| \`${name}\` | ${value && `\`${value}\``} | ${description.replaceAll('|', '\\|')} |`,
  );
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
}
