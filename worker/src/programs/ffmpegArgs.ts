/** ffmpeg's general options: quiet, non-interactive. */
export const QUIET_ARGS = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning', '-y'] as const;

/** The same, with progress on standard output twice a second. */
export const GENERAL_ARGS = [...QUIET_ARGS, '-progress', 'pipe:1', '-stats_period', '0.5'] as const;

/** What ends up in an output besides the pictures and the sound: nothing. */
export const BARE_OUTPUT_ARGS = ['-map_metadata', '-1', '-map_chapters', '-1', '-dn', '-sn'] as const;

/** ffmpeg takes this many channels without names for those of a usual layout; of more it knows none, or seldom the right one. */
export const MAX_GUESSED_CHANNELS = 8;
