import type { AdminVideo } from '@reelmill/shared/contracts/adminVideos.ts';
import {
  type Priority,
  prioritySchema,
  type VideoStatus,
  videoStatusSchema,
} from '@reelmill/shared/contracts/videos.ts';
import { type Command, Option } from 'commander';
import { readCount } from '../arguments.ts';
import { printable, shorten } from '../formats.ts';
import { alignColumns } from '../table.ts';
import { addPage, type Page, print, printPage, type RunAdminCommand } from './adminCommand.ts';
import { findUser } from './userCommands.ts';

const TITLE_CHARACTERS = 40;
const never = (): AbortSignal => new AbortController().signal;

interface Json {
  json?: boolean;
}

/** `reelmill admin videos …` and `reelmill admin tasks …` */
export function addAdminVideoCommands(admin: Command, run: RunAdminCommand): void {
  const videos = admin.command('videos').description('look after the videos of everybody');
  addListing(videos, run);
  videos
    .command('retry')
    .description('transcode a failed or canceled video again')
    .argument('<id>', 'number of the video', readCount)
    .option('--json', 'print one JSON object')
    .action((id: number, { json }: Json) =>
      run(json, async (context) => {
        await context.user.retryVideo(id, never());
        return print(context, { event: 'retried', video_id: id }, [`Video ${id} is retried.`]);
      }),
    );
  videos
    .command('cancel')
    .description('stop the upload or the transcode of a video')
    .argument('<id>', 'number of the video', readCount)
    .option('--json', 'print one JSON object')
    .action((id: number, { json }: Json) =>
      run(json, async (context) => {
        await context.user.cancelVideo(id, never());
        return print(context, { event: 'canceled', video_id: id }, [`Video ${id} is canceled.`]);
      }),
    );
  videos
    .command('priority')
    .description('let a video go before or after all others')
    .argument('<id>', 'number of the video', readCount)
    .addArgument(videos.createArgument('<priority>').choices(prioritySchema.options))
    .option('--json', 'print the answer of the API')
    .action((id: number, priority: Priority, { json }: Json) =>
      run(json, async (context) => {
        const answer = await context.api.setPriority(id, priority, never());
        return print(context, answer, [`The priority of video ${id} is ${answer.priority}.`]);
      }),
    );
  admin
    .command('tasks')
    .description('look after the tasks of videos')
    .command('retry')
    .description('try a task again at once that waits, or that failed while its video goes on')
    .argument('<id>', 'number of the task, as `reelmill admin farm` shows it', readCount)
    .option('--json', 'print the answer of the API')
    .action((id: number, { json }: Json) =>
      run(json, async (context) => {
        const answer = await context.api.retryTask(id, never());
        return print(context, answer, [`Task ${id} is tried again.`]);
      }),
    );
}

interface ListOptions extends Page, Json {
  status?: VideoStatus;
  owner?: string;
  search?: string;
}

function addListing(videos: Command, run: RunAdminCommand): void {
  addPage(videos.command('list').description('list the videos of everybody, the newest first'))
    .addOption(new Option('--status <status>', 'only those').choices(videoStatusSchema.options))
    .option('--owner <user>', 'only those of this account: its number or e-mail address')
    .option('--search <text>', 'only those with this in their title or file name')
    .action(({ json, owner, ...query }: ListOptions) =>
      run(json, async (context) => {
        const whose = owner === undefined ? {} : { owner: await findUser(context.api, owner) };
        const answer = await context.api.listVideos({ ...query, ...whose }, never());
        return printPage(context, answer, answer.videos.length, () =>
          alignColumns([HEAD, ...answer.videos.map(rowOf)]),
        );
      }),
    );
}

const HEAD = ['ID', 'OWNER', 'PRIORITY', 'STATUS', 'TITLE', 'REASON'];

function rowOf({ video, owner, priority }: AdminVideo): string[] {
  const percent = video.status === 'transcoding' ? ` ${Math.floor(video.progress)} %` : '';
  const waiting = video.waiting === null ? '' : `, waits for ${video.waiting.reason_code}`;
  const reasons = [...(video.error === null ? [] : [video.error]), ...video.notices];
  return [
    String(video.id),
    printable(owner.email),
    priority,
    `${video.status}${percent}${waiting}`,
    shorten(printable(video.title), TITLE_CHARACTERS),
    reasons.map(({ code, message }) => printable(`${code}: ${message}`)).join('; '),
  ];
}
