import { MultiBar, type SingleBar } from 'cli-progress';
import type { UploadSnapshot } from '../contracts/desktop.ts';
import type { UploadEvent, UploadListener } from '../engine/record/events.ts';
import { formatEvent, formatProgress, formatState, formatVideo } from './formatEvents.ts';
import { printable, shorten } from './formats.ts';
import { toJsonEvent } from './jsonEvents.ts';

const NAME_CHARACTERS = 28;
const BAR_STEPS = 1000;
/** The progress after which another line is printed. */
const LINE_STEP_PERCENT = 5;

/** Shows the events of uploads; `stop` restores the terminal. */
export interface Display {
  show: UploadListener;
  stop: () => void;
}

/** Shows one bar for each file, and errors, retries and restarts above them. */
export function showBars(stream: NodeJS.WritableStream): Display {
  const bars = new MultiBar({
    stream,
    format: '{name} {bar} {percentage}%  {text}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    gracefulExit: false,
    autopadding: true,
    noTTYOutput: false,
  });
  const byId = new Map<string, SingleBar>();
  const draw = (upload: UploadSnapshot): void => {
    const payload = {
      name: shorten(printable(upload.fileName), NAME_CHARACTERS),
      text: formatStatus(upload),
    };
    const bar = byId.get(upload.id) ?? bars.create(BAR_STEPS, 0, payload);
    byId.set(upload.id, bar);
    bar.update(Math.floor(fractionOf(upload) * BAR_STEPS), payload);
  };
  return {
    show: (event) => {
      if (!('upload' in event)) return;
      if (event.type === 'retrying' || event.type === 'restarted' || event.type === 'resumed') {
        bars.log(`${formatEvent(event)}\n`);
      }
      draw(event.upload);
    },
    stop: () => {
      bars.update();
      bars.stop();
    },
  };
}

/** Prints one line for each event, with progress in steps. */
export function showLines(write: (line: string) => void): Display {
  const printed = new Map<string, string>();
  return {
    show: (event) => {
      const line = formatEvent(event);
      if (line === null || !('upload' in event)) return;
      const step = stepOf(event);
      if (step !== null && printed.get(event.upload.id) === step) return;
      printed.set(event.upload.id, step ?? '');
      write(line);
    },
    stop: () => undefined,
  };
}

/** Prints one JSON object for each event. */
export function showJson(write: (line: string) => void): Display {
  return { show: (event) => write(JSON.stringify(toJsonEvent(event))), stop: () => undefined };
}

/** Returns what must change before another line about the same subject; null for lines that are always printed. */
function stepOf(event: UploadEvent): string | null {
  if (event.type === 'progress')
    return `sent ${Math.floor((fractionOf(event.upload) * 100) / LINE_STEP_PERCENT)}`;
  if (event.type !== 'video') return null;
  const { video } = event.upload;
  return `${video?.status} ${video?.phase} ${video?.waitingFor} ${video?.playable} ${Math.floor((video?.progress ?? 0) / LINE_STEP_PERCENT)}`;
}

/** Returns the fraction of the bar: of the upload while it runs, of the transcode afterwards. */
function fractionOf({ state, sizeBytes, sentBytes, video }: UploadSnapshot): number {
  if (state === 'online') return 1;
  if (video !== null) return video.progress / 100;
  return sizeBytes === null ? 0 : sentBytes / sizeBytes;
}

function formatStatus(upload: UploadSnapshot): string {
  if (upload.state === 'uploading') return formatProgress(upload);
  if (upload.state === 'processing' && upload.video !== null) return formatVideo(upload.video);
  return printable(formatState(upload) ?? upload.state);
}
