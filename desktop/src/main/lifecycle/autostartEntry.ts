/** Returns the desktop entry that makes a Linux desktop run a command at login. */
export function autostartEntry(argv: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Reelmill',
    `Exec=${argv.map(quoteArgument).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** As the desktop entry specification requires: quoted for the command line, and again for the file. */
function quoteArgument(argument: string): string {
  const quoted = argument.replace(/["`$\\]/g, '\\$&');
  return `"${quoted.replaceAll('\\', '\\\\').replaceAll('%', '%%')}"`;
}
