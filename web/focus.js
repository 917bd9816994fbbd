// Where the subject of a published picture is: set by a click on it, or by two sliders with the keyboard.

import { WORDS } from './words.js';

/**
 * part: finds the elements of a result by their class. save(focus): rejects with a Problem. The picture that is aimed at
 * is the original as far as the browser shows it, else the published file that is cut the least.
 */
export function aim(part, picture, preview, save) {
  const { published } = picture;
  // Found now: once they are shown, they are no longer in the fragment that `part` looks into.
  const [across, down, form, stage, toggle, button, trouble] =
    ['across', 'down', 'aim', 'target', 'focus', 'save', 'aim-trouble'].map(part);
  const image = stage.firstElementChild;
  image.src = preview ?? whole(published).url;
  image.onerror = () => { image.onerror = null; image.src = whole(published).url; };

  function show([x, y]) {
    [across.value, down.value] = [x, y].map((share) => Math.round(100 * share));
    stage.style.setProperty('--x', `${across.value}%`);
    stage.style.setProperty('--y', `${down.value}%`);
    for (const input of [across, down]) input.setAttribute('aria-valuetext', `${input.value} %`);
  }

  show(published.focus ?? [0.5, 0.5]);
  toggle.onclick = () => {
    form.hidden = !form.hidden;
    toggle.setAttribute('aria-expanded', String(!form.hidden));
  };
  image.onclick = (event) => {
    const { left, top, width, height } = image.getBoundingClientRect();
    show([(event.clientX - left) / width, (event.clientY - top) / height].map((share) => Math.min(1, Math.max(0, share))));
  };
  for (const input of [across, down]) input.oninput = () => show([across.value / 100, down.value / 100]);
  form.onsubmit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    trouble.textContent = '';
    button.textContent = WORDS.cutting;
    try {
      await save(`${across.value / 100},${down.value / 100}`);
    } catch (problem) {
      trouble.textContent = problem.words ?? WORDS.unknown;
      button.disabled = false;
      button.textContent = WORDS.setFocus;
    }
  };
}

/** Of the files that every browser shows, the one whose shape is the most like the original's. */
function whole(published) {
  const off = ({ width, height }) => Math.abs(Math.log(width / height / published.aspect_ratio));
  return published.variants
    .filter((variant) => variant.format === published.picture_formats.at(-1))
    .reduce((best, variant) => (off(variant) < off(best) ? variant : best));
}
