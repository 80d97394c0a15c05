import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAME_ENTRIES, PROBE_ENTRIES } from './probeSchema.ts';

test('ffprobe is asked for the fields that are read, and for no tag but that of transparency', () => {
  const sections = PROBE_ENTRIES.split(':').map((section) => section.split('=')[0]);
  assert.deepEqual(sections, ['format', 'stream', 'stream_disposition', 'stream_tags', 'stream_side_data']);
  assert.ok(PROBE_ENTRIES.startsWith('format=format_name,start_time,duration:stream=index,codec_type,'));
  assert.ok(
    PROBE_ENTRIES.endsWith(
      ':stream_disposition=default,attached_pic:stream_tags=alpha_mode:stream_side_data=side_data_type,displaymatrix,rotation',
    ),
  );
  assert.doesNotMatch(
    PROBE_ENTRIES + FRAME_ENTRIES,
    /tags(?!=alpha_mode:)|extradata|disposition,|side_data_list/,
  );
  assert.match(FRAME_ENTRIES, /^frame=best_effort_timestamp_time,key_frame,width,height,pix_fmt,/);
});
