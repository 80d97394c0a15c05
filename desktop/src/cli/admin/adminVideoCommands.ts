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
  const videos = admin.command('videos').description('manage the videos of all accounts');
  addListing(videos, run);
  videos
    .command('retry')
    .description('transcode a failed or canceled video again')
    .argument('<id>', 'ID of the video', readCount)
    .option('--json', 'print one JSON object')
    .action((id: number, { json }: Json) =>
      run(json, async (context) => {
        await context.user.retryVideo(id, never());
        return print(context, { event: 'retried', video_id: id }, [`Video ${id} retried.`]);
      }),
    );
  videos
    .command('cancel')
    .description('cancel the upload or the transcoding of a video')
    .argument('<id>', 'ID of the video', readCount)
    .option('--json', 'print one JSON object')
    .action((id: number, { json }: Json) =>
      run(json, async (context) => {
        await context.user.cancelVideo(id, never());
        return print(context, { event: 'canceled', video_id: id }, [`Video ${id} canceled.`]);
      }),
    );
  videos
    .command('priority')
    .description('set the priority of a video')
    .argument('<id>', 'ID of the video', readCount)
    .addArgument(videos.createArgument('<priority>').choices(prioritySchema.options))
    .option('--json', 'print the response of the API')
    .action((id: number, priority: Priority, { json }: Json) =>
      run(json, async (context) => {
        const response = await context.api.setPriority(id, priority, never());
        return print(context, response, [`The priority of video ${id} is ${response.priority}.`]);
      }),
    );
  admin
    .command('tasks')
    .description('manage the tasks of videos')
    .command('retry')
    .description('retry a waiting task now, or a failed task of a video that is still being processed')
    .argument('<id>', 'ID of the task, as `reelmill admin farm` shows it', readCount)
    .option('--json', 'print the response of the API')
    .action((id: number, { json }: Json) =>
      run(json, async (context) => {
        const response = await context.api.retryTask(id, never());
        return print(context, response, [`Task ${id} retried.`]);
      }),
    );
}

interface ListOptions extends Page, Json {
  status?: VideoStatus;
  owner?: string;
  search?: string;
}

function addListing(videos: Command, run: RunAdminCommand): void {
  addPage(videos.command('list').description('list the videos of all accounts, newest first'))
    .addOption(
      new Option('--status <status>', 'only videos with this status').choices(videoStatusSchema.options),
    )
    .option('--owner <user>', 'only videos of this account: its ID or e-mail address')
    .option('--search <text>', 'only videos with this text in their title or file name')
    .action(({ json, owner, ...query }: ListOptions) =>
      run(json, async (context) => {
        const whose = owner === undefined ? {} : { owner: await findUser(context.api, owner) };
        const response = await context.api.listVideos({ ...query, ...whose }, never());
        return printPage(context, response, response.videos.length, () =>
          alignColumns([HEAD, ...response.videos.map(rowOf)]),
        );
      }),
    );
}

const HEAD = ['ID', 'OWNER', 'PRIORITY', 'STATUS', 'TITLE', 'REASON'];

function rowOf({ video, owner, priority }: AdminVideo): string[] {
  const percent = video.status === 'transcoding' ? ` ${Math.floor(video.progress)} %` : '';
  const waiting = video.waiting === null ? '' : `, waiting for ${video.waiting.reason_code}`;
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
