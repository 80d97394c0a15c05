import type { SourcePatch } from '@reelmill/shared/contracts/media.ts';
import { MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { declaredVideos } from '../probe/declaredLimits.ts';
import { type ProbeTarget, probeHeader, probeStreams } from '../probe/probe.ts';
import type { Probe } from '../probe/probeSchema.ts';
import { readMatroskaTracks } from '../tracks/matroskaTracks.ts';
import { readMp4Tracks } from '../tracks/mp4Tracks.ts';
import { hidePcm, isPcmTag, isUnknownPcm, quickTimePatches } from '../tracks/pcmEntry.ts';
import type { SourceTrack } from '../tracks/sourceTracks.ts';

/** ffprobe ends with it: the decoder of a stream refuses what the file says to set it up with. */
const REFUSED_SET_UP = /^Could not open codec for input stream (\d+)$/m;
/** Versions that know `pcmC` refuse the whole file where they do not know its numbers. */
const REFUSED_PCM = /invalid pcm_sample_size/;
/** More damaged tracks than this, and the file is not worth it. */
const MAX_HIDDEN = 8;

export interface ProbedSource {
  probe: Probe;
  /** What the source is to be read with. */
  patches: SourcePatch[];
  /** Sound that is there but hidden from ffmpeg: its decoder cannot be set up, or its format is not known. */
  hidden: { damaged: number; unsupported: number };
}

/**
 * Container and streams, with sound hidden or described in other words where ffmpeg would fail at it or play noise.
 * Throws a permanent error where the file is no video or is not accepted.
 */
export async function probeSource(unknown: ProbeTarget): Promise<ProbedSource> {
  const patches: SourcePatch[] = [];
  const hidden = { damaged: 0, unsupported: 0 };
  let known: Promise<SourceTrack[]> | null = null;
  const tracksOf = (): Promise<SourceTrack[]> => {
    known ??= readTracks(unknown);
    return known;
  };
  const patch = (more: readonly SourcePatch[]): void => {
    patches.push(...more);
    unknown.patch?.(patches);
  };
  for (;;) {
    try {
      const probe = await probeOnce(unknown);
      const misread = probe.streams.filter(({ codec_tag_string }) => isPcmTag(codec_tag_string));
      if (misread.length === 0) return { probe, patches, hidden };
      const tracks = await tracksOf();
      for (const { index } of misread) {
        const track = tracks[index];
        const described = track && quickTimePatches(track);
        if (!described) hidden.unsupported++;
        patch(described ?? (track?.isSound ? track.hiding : []));
      }
      return { probe: withoutPcm(await probeOnce(unknown)), patches, hidden };
    } catch (error) {
      const unknownPcm = refusesPcm(error) ? (await tracksOf()).filter(isUnknownPcm) : [];
      if (unknownPcm.length > 0 && hidden.unsupported === 0) {
        hidden.unsupported += unknownPcm.length;
        patch(unknownPcm.flatMap(hidePcm));
        continue;
      }
      const index = refusedStream(error);
      const track = index === null ? undefined : (await tracksOf())[index];
      if (!track?.isSound || hidden.damaged >= MAX_HIDDEN) throw error;
      hidden.damaged++;
      patch(track.hiding);
    }
  }
}

async function probeOnce(unknown: ProbeTarget): Promise<Probe> {
  const header = await probeHeader(unknown);
  return probeStreams(header === null ? unknown : knownTarget(unknown, header));
}

/** The demuxer and the streams as a probe found them. */
export function knownTarget(target: ProbeTarget, probe: Probe): ProbeTarget {
  const demuxer = probe.format.format_name.split(',')[0] ?? null;
  return { ...target, demuxer, declared: declaredVideos(probe) };
}

function refusesPcm(error: unknown): boolean {
  return error instanceof MediaFault && REFUSED_PCM.test(error.diagnostics ?? '');
}

function refusedStream(error: unknown): number | null {
  if (!(error instanceof MediaFault)) return null;
  const [, index] = REFUSED_SET_UP.exec(error.diagnostics ?? '') ?? [];
  return index === undefined ? null : Number(index);
}

async function readTracks({ readBytes, sizeBytes }: ProbeTarget): Promise<SourceTrack[]> {
  if (readBytes === undefined) return [];
  const tracks = await readMp4Tracks(readBytes, sizeBytes);
  return tracks.length > 0 ? tracks : readMatroskaTracks(readBytes, sizeBytes);
}

/** What could neither be described nor hidden is noise. */
function withoutPcm(probe: Probe): Probe {
  return { ...probe, streams: probe.streams.filter(({ codec_tag_string }) => !isPcmTag(codec_tag_string)) };
}
