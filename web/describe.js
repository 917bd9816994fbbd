// What a published picture shows, in words: for those who do not see it, and for finding it.

import { WORDS } from './words.js';

/** part: finds the elements of a result by their class. save(words): rejects with a Problem. */
export function describe(part, picture, save) {
  const { facts } = picture.published;
  const [form, alt, labels, button, trouble] = ['describe', 'alt', 'labels', 'say', 'describe-trouble'].map(part);
  alt.value = facts?.alt ?? '';
  labels.value = (facts?.labels ?? []).map((label) => label.name).join(', ');
  const before = { alt: alt.value, labels: labels.value };
  form.onsubmit = async (event) => {
    event.preventDefault();
    // What was not changed is not said by a person: programs may still say it anew.
    const now = Object.entries({ alt: alt.value, labels: labels.value });
    const words = Object.fromEntries(now.filter(([name, value]) => value !== before[name]));
    if (!Object.keys(words).length) return;
    button.disabled = true;
    trouble.textContent = '';
    button.textContent = WORDS.saving;
    try {
      await save(words);
    } catch (problem) {
      trouble.textContent = problem.words ?? WORDS.unknown;
      button.disabled = false;
      button.textContent = WORDS.saveWords;
    }
  };
}
