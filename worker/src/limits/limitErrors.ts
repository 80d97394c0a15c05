import { MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { MEDIA_LIMITS } from './mediaLimits.ts';

/* What is thrown where a source asks for more than `mediaLimits.ts` allows. */

export function tooManyStreams(diagnostics?: string): MediaFault {
  const message = `The file has more than ${MEDIA_LIMITS.streams} streams.`;
  return new MediaFault('limits_exceeded', message, diagnostics === undefined ? {} : { diagnostics });
}

export function tooLarge(width: number, height: number, diagnostics?: string): MediaFault {
  const message = `A picture of ${width}x${height} pixels is too large.`;
  return new MediaFault('limits_exceeded', message, diagnostics === undefined ? {} : { diagnostics });
}

export function tooMuchOutput(): MediaFault {
  return new MediaFault('limits_exceeded', 'The video became larger than it may.');
}
