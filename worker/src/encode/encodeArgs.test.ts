import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planVideo } from '@reelmill/server/plan/planVideo.ts';
import { makeMediaFacts } from '../../../test/support/mediaFacts.ts';
import { encodeGraph } from '../pictures/filterGraph.ts';
import { encodeArgs } from './encodeArgs.ts';

const facts = makeMediaFacts({
  durationSeconds: 60.06,
  audio: {
    ...{ streamIndex: 1, codec: 'ac3', channels: 6, sampleRate: 44_100 },
    ...{ startSeconds: 0.5, durationSeconds: 60 },
  },
  video: {
    ...{ streamIndex: 2, startSeconds: 0.5 },
    ...{ codedWidth: 640, codedHeight: 360, displayWidth: 640, displayHeight: 360 },
    ...{ colorSpace: null, colorPrimaries: null, colorTransfer: null },
    outputFrameRate: { num: 30_000, den: 1_001 },
  },
});
const plan = planVideo(facts, { version: 1, chunkSeconds: 30 });
const url = 'http://127.0.0.1:4000/unguessable';

test('the whole command of a chunk in the middle', () => {
  const chunk = plan.chunks[1];
  assert.ok(chunk);
  const renditions = plan.renditions.slice(0, 1);
  assert.deepEqual(
    encodeArgs({ url, plan, chunk, renditions, threads: 2, preRoll: 0 }).join(' ').split(' -'),
    [
      '-hide_banner',
      'nostdin',
      'nostats',
      'loglevel warning',
      'y',
      'progress pipe:1',
      'stats_period 0.5',
      'max_error_rate 1',
      'filter_complex_threads 2',
      'copyts',
      'seek_timestamp 1',
      'noaccurate_seek',
      'ss 5.488317',
      'noautorotate',
      'reinit_filter 0',
      'threads 2',
      'thread_queue_size 128',
      'protocol_whitelist http,tcp',
      'format_whitelist mov,matroska,mpegts,mpeg,avi,asf,flv,ogg,mxf,dv,h264,hevc,mpegvideo',
      'max_streams 101',
      'max_pixels 1',
      'max_pixels:2 2088960',
      'f mov',
      `i ${url}`,
      'filter_complex [0:2]select=between(t\\,-0.500000\\,61.560000),' +
        "select='print(t+14999994.495000+10000000*key\\,24)',split=3[shown][keyframe][other];" +
        '[keyframe]settb=1/1000000,select=eq(n\\,0)*key,metadata=mode=add:key=is_keyframe:value=1,' +
        'metadata=mode=print:key=is_keyframe:file=-:direct=1,nullsink;' +
        '[other]settb=1/1000000,select=eq(n\\,0)*not(key),metadata=mode=add:key=is_keyframe:value=0,' +
        'metadata=mode=print:key=is_keyframe:file=-:direct=1,nullsink;' +
        "[shown]null,sidedata=mode=delete:type=DISPLAYMATRIX,scale=w='if(eq(iw,640)*eq(ih,360)*lt(abs(if(between(sar,0.125,8),sar,1)/1-1),0.02),640,0*print(404040.5,24)+640)'" +
        ":h='360':eval=frame:interl=-1:flags=bicubic:in_range=tv:out_range=tv,format=yuv420p," +
        'bwdif=mode=send_frame:deint=interlaced,fps=fps=30000/1001:start_time=5.505000,' +
        'setpts=N+150,fps=fps=30000/1001,split=1[s0];[s0]scale=640:360:flags=bicubic:in_color_matrix=smpte170m:' +
        'out_color_matrix=bt709:in_range=tv:out_range=tv,format=yuv420p,setsar=1,' +
        'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709[v0]',
      'map [v0]',
      'map_metadata',
      '1',
      'map_chapters',
      '1',
      'dn',
      'sn',
      'frames:v 450',
      'fps_mode passthrough',
      'c:v libx264',
      'preset veryfast',
      'profile:v high',
      'pix_fmt yuv420p',
      'a53cc 0',
      'crf 23',
      'maxrate 800000',
      'bufsize 1600000',
      'g 150',
      'keyint_min 150',
      'sc_threshold 0',
      'threads 3',
      'color_range tv',
      'color_primaries bt709',
      'color_trc bt709',
      'colorspace bt709',
      'avoid_negative_ts disabled',
      'f hls',
      'hls_segment_type fmp4',
      'hls_time 0.1',
      'hls_segment_options movflags=+frag_discont',
      'hls_flags temp_file',
      'hls_list_size 1',
      'start_number 1',
      'hls_fmp4_init_filename init.mp4',
      'hls_segment_filename 360p/seg_%05d.m4s 360p/list.m3u8',
    ],
  );
});

test('pictures that may last long are repeated when they are scaled already', () => {
  const { outputFrameRate: usual } = facts.video;
  for (const [variableFrameRate, outputFrameRate] of [
    [true, usual],
    [false, { num: 5, den: 1 }],
  ] as const) {
    const video = { ...facts.video, variableFrameRate, outputFrameRate };
    const graph = encodeGraph({ ...facts, video }, { firstFrame: 0, last: false }, plan.renditions);
    const [shared = '', ...branches] = graph.split(';');
    assert.doesNotMatch(shared, /fps=/);
    for (const branch of branches)
      assert.match(branch, /scale=.*,fps=fps=[^,]*,setpts=N\+0,fps=fps=[^,]*\[v\d\]$/);
    assert.ok(branches.length > 1);
  }
});

test('the beginning is read without a seek, and nothing but http over TCP', () => {
  const chunk = plan.chunks[0];
  assert.ok(chunk);
  const args = encodeArgs({
    url: 'http://127.0.0.1:1/a',
    plan,
    chunk,
    renditions: plan.renditions,
    threads: 1,
    preRoll: null,
  });
  assert.ok(!args.includes('-ss'));
  assert.doesNotMatch(args.join(' '), /metadata=/);
  assert.equal(args[args.indexOf('-protocol_whitelist') + 1], 'http,tcp');
});

test('tone mapping happens once, before the split, and only for HDR', () => {
  const hdr = { ...facts, video: { ...facts.video, hdr: 'hlg' as const, colorSpace: 'bt2020nc' } };
  const [shared, ...branches] = encodeGraph(hdr, { firstFrame: 0, last: false }, plan.renditions).split(';');
  assert.match(shared ?? '', /color_trc=arib-std-b67.*tonemap=.*split=2\[s0\]\[s1\]$/);
  assert.ok(branches.every((branch) => !branch.includes('tonemap')));
  assert.doesNotMatch(encodeGraph(facts, { firstFrame: 0, last: false }, plan.renditions), /tonemap|zscale/);
});

test('what a decoder made up before its first keyframe is dropped, where it shows that at all', () => {
  const hevc = { ...facts, video: { ...facts.video, codec: 'hevc', startSeconds: 2 } };
  const selected = (preRoll: number | null): string =>
    encodeGraph(hevc, { firstFrame: 150, last: false }, plan.renditions, preRoll);
  assert.match(
    selected(4),
    /select=between\(t\\,1\.983317\\,[0-9.]+\)\*st\(0\\,max\(ld\(0\)\\,key\)\),select='print.*',split=3/,
  );
  assert.match(selected(null), /select=between\(t\\,1\.983317\\,[0-9.]+\),select='print.*',sidedata=/);
});

test('interlaced pictures are woven together before the rate is made even', () => {
  const graphOf = (video: Partial<typeof facts.video>): string =>
    encodeGraph(
      { ...facts, video: { ...facts.video, ...video } },
      { firstFrame: 0, last: false },
      plan.renditions,
    );
  assert.match(graphOf({ interlaced: true, pixelFormat: 'rgb24' }), /bwdif=[^,]*,fps=/);
  // those that are not known to be interlaced as well, unless each would have to be converted for it
  assert.match(graphOf({}), /bwdif=[^,]*,fps=/);
  assert.doesNotMatch(graphOf({ pixelFormat: 'rgb24' }), /bwdif/);
});
