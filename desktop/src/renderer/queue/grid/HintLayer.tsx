import { Tooltip } from '@mantine/core';
import { type RefObject, useEffect, useState } from 'react';

const DELAY_MS = 400;
/** Wider buttons show their label. */
const ICON_ONLY_PX = 40;

/**
 * One tooltip for all buttons of the rows (`data-hint` is its text): one per button would be the most expensive part of
 * rendering a row.
 */
export function HintLayer({ within }: { within: RefObject<HTMLElement | null> }) {
  const [target, setTarget] = useState<HTMLElement | null>(null);
  useEffect(() => {
    const area = within.current;
    return area === null ? undefined : followHints(area, setTarget);
  }, [within]);
  if (target === null) return null;
  return <Tooltip opened target={target} label={target.dataset.hint} openDelay={0} />;
}

/** Calls `show` with the element under the pointer or the focus that has a hint. Returns a function that ends it. */
function followHints(area: HTMLElement, show: (target: HTMLElement | null) => void): () => void {
  let timer: number | undefined;
  let shown: HTMLElement | null = null;
  const point = (event: Event): void => {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-hint]') : null;
    if (target === shown) return;
    leave();
    shown = target;
    const isByKeyboard = event.type === 'focusin' && target?.matches(':focus-visible') === true;
    if (target === null || target.offsetWidth > ICON_ONLY_PX || (event.type === 'focusin' && !isByKeyboard))
      return;
    timer = window.setTimeout(() => show(target), isByKeyboard ? 0 : DELAY_MS);
  };
  const leave = (): void => {
    window.clearTimeout(timer);
    shown = null;
    show(null);
  };
  const ends = ['mouseleave', 'mousedown', 'focusout', 'scroll', 'keydown'] as const;
  area.addEventListener('mouseover', point);
  area.addEventListener('focusin', point);
  for (const end of ends) area.addEventListener(end, leave, { passive: true });
  return () => {
    leave();
    area.removeEventListener('mouseover', point);
    area.removeEventListener('focusin', point);
    for (const end of ends) area.removeEventListener(end, leave);
  };
}
