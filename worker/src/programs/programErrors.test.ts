import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedEncodeError, unopenedError } from './programErrors.ts';

const WHITELIST = "Format not on whitelist 'mov,matroska'";

test('ffprobe refuses a file: each reason has its code', () => {
  const code = (stderr: string) => unopenedError(stderr).code;
  assert.equal(code(`[hls @ 0x560c344de780] ${WHITELIST}`), 'playlist_refused');
  assert.equal(code(`[concat @ 0x564098370780] ${WHITELIST}`), 'playlist_refused');
  assert.equal(code(`[png_pipe @ 0x564098370780] ${WHITELIST}`), 'not_a_video');
  assert.match(unopenedError(`[jpeg_pipe @ 0x564098370780] ${WHITELIST}`).message, /without a frame rate/);
  assert.doesNotMatch(unopenedError(`[mp3 @ 0x564098370780] ${WHITELIST}`).message, /frame rate/);
  assert.equal(code('[mov,mp4,m4a,3gp,3g2,mj2 @ 0x5] moov atom not found'), 'unreadable_file');
  assert.equal(
    code(
      '[mov @ 0x5] Format mov detected only with low score of 1, misdetection possible!\nmoov atom not found',
    ),
    'not_a_video',
  );
  assert.equal(
    code(
      'Not detecting m3u8/hls with non standard extension and non standard mime type\n[mov @ 0x5] Format mov detected only with low score of 1, misdetection possible!',
    ),
    'playlist_refused',
  );
});

test('what programs print is no evidence of a source that cannot be read', () => {
  // the demuxers of Matroska and Ogg say so of files that end early
  for (const line of ['http://127.0.0.1/x: Input/output error', 'http://127.0.0.1/x: End of file']) {
    assert.equal(unopenedError(line).code, 'not_a_video');
    assert.equal(failedEncodeError(1, line).code, 'encoder_failed');
  }
});

test('ffmpeg fails: each reason has its code', () => {
  const of = (stderr: string) => {
    const { code, retryable } = failedEncodeError(1, stderr);
    return [code, retryable];
  };
  // a file may say so as well: whether the disk is full, it is asked itself
  assert.deepEqual(of('cover.jpg: No space left on device'), ['encoder_failed', true]);
  assert.deepEqual(of('Decoder (codec vvc) not found for input stream #0:0'), ['unsupported_codec', false]);
  assert.deepEqual(of('Conversion failed!'), ['encoder_failed', true]);
});
