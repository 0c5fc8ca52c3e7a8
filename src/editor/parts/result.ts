/** Places of a form where the outcome of something is told. */

/** @param isGood undefined: neither good nor bad, as long as it is not known */
export const showLines = (target: string | JQuery, lines: readonly string[], isGood?: boolean): void => {
  const box = (typeof target === 'string' ? $(target) : target).empty();
  box.toggleClass('ems-good', isGood === true).toggleClass('ems-bad', isGood === false);
  for (const line of lines) $('<div>').text(line).appendTo(box);
};

/** Runs at once and then again and again, for as long as the element is part of the page. */
export const repeatWhileShown = (selector: string, everyMs: number, run: () => void): void => {
  const [element] = $(selector);
  const timer = setInterval(() => {
    if (element?.isConnected) run();
    else clearInterval(timer);
  }, everyMs);
  run();
};

/**
 * Draws something anew only where it differs from what is there: somebody may be about to copy or to choose.
 * @param content what is to be seen, as data
 */
export const redrawIfChanged = (target: JQuery, content: unknown, draw: () => void): void => {
  const shown = JSON.stringify(content);
  if (target.data('shown') === shown) return;
  target.data('shown', shown).empty();
  draw();
};
