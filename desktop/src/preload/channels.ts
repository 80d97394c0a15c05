/** The two channels between the processes: what the renderer asks, and what it is told. */
export const CALL_CHANNEL = 'reelmill:call';
export const EVENT_CHANNEL = 'reelmill:event';
