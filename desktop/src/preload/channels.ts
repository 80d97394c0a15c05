/** The two channels between the processes: calls of the renderer, and events of the main process. */
export const CALL_CHANNEL = 'reelmill:call';
export const EVENT_CHANNEL = 'reelmill:event';
