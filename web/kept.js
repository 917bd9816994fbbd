// What a reload keeps: the list, for this tab and this sign-in. Files cannot be kept: the person chooses them again.

const LIST = 'lightpress.pictures';

/** Resolves nothing and throws nothing: a browser that keeps nothing (private mode, full storage) is no obstacle. */
export function makeKept(storage = sessionStorage) {
  let last = '';
  return {
    save(pictures) {
      const text = JSON.stringify(pictures.filter((picture) => picture.problem?.code !== 'refused').map(lineOf));
      if (text === last) return; // progress changes nothing of it
      last = text;
      try {
        storage.setItem(LIST, text);
      } catch { /* as said above */ }
    },
    load() {
      try {
        return JSON.parse(storage.getItem(LIST) ?? '[]');
      } catch {
        return [];
      }
    },
    forget: () => storage.removeItem(LIST),
  };
}

/** key: of what has arrived; null before. parts: of an upload in parts that is under way; null otherwise. */
function lineOf({ file, key, parts }) {
  return { name: file.name, size: file.size, modified: file.lastModified, key, parts };
}
