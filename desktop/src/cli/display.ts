import type { UploadSnapshot } from '@reelmill/shared/contracts/desktop.ts';
import { MultiBar, type SingleBar } from 'cli-progress';
import type { UploadEvent, UploadListener } from '../engine/record/events.ts';
import { formatEvent, formatProgress, formatState, formatVideo } from './formatEvents.ts';
import { printable, shorten } from './formats.ts';
import { toJsonEvent } from './jsonEvents.ts';

const NAME_CHARACTERS = 28;
const BAR_STEPS = 1000;
/** How much an upload must have moved to be worth another line. */
const LINE_STEP_PERCENT = 5;

/** Shows what happens to uploads; `stop` leaves the terminal as it was. */
export interface Display {
  show: UploadListener;
  stop: () => void;
}

/** One bar for each file, and above them what went wrong and was mended. */
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
    const payload = { name: shorten(printable(upload.fileName), NAME_CHARACTERS), text: describe(upload) };
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

/** One line for each event, progress in steps. */
export function showLines(write: (line: string) => void): Display {
  const said = new Map<string, string>();
  return {
    show: (event) => {
      const line = formatEvent(event);
      if (line === null || !('upload' in event)) return;
      const step = stepOf(event);
      if (step !== null && said.get(event.upload.id) === step) return;
      said.set(event.upload.id, step ?? '');
      write(line);
    },
    stop: () => undefined,
  };
}

/** One JSON object for each event. */
export function showJson(write: (line: string) => void): Display {
  return { show: (event) => write(JSON.stringify(toJsonEvent(event))), stop: () => undefined };
}

/** What must change for another line about the same thing. */
function stepOf(event: UploadEvent): string | null {
  if (event.type === 'progress')
    return `sent ${Math.floor((fractionOf(event.upload) * 100) / LINE_STEP_PERCENT)}`;
  if (event.type !== 'video') return null;
  const { video } = event.upload;
  return `${video?.status} ${video?.phase} ${video?.waitingFor} ${video?.playable} ${Math.floor((video?.progress ?? 0) / LINE_STEP_PERCENT)}`;
}

/** How full the bar is: of the upload while it runs, of the transcode afterwards. */
function fractionOf({ state, sizeBytes, sentBytes, video }: UploadSnapshot): number {
  if (state === 'online') return 1;
  if (video !== null) return video.progress / 100;
  return sizeBytes === null ? 0 : sentBytes / sizeBytes;
}

function describe(upload: UploadSnapshot): string {
  if (upload.state === 'uploading') return formatProgress(upload);
  if (upload.state === 'processing' && upload.video !== null) return formatVideo(upload.video);
  return printable(formatState(upload) ?? upload.state);
}
