// Sends a large file in parts, several at once. A part that fails is tried again alone; what has arrived never is.
// The upload page and the npm package share this file.

const AT_ONCE = 3;
const TRIES = 4;
const FIRST_PAUSE_MS = 1000;

/**
 * api: has `signPart` and `completeParts`. begun: what the API said when the upload began. arrived: the parts that need
 * not be sent again. put(url, part, { signal, progress }): sends one, and gives its ETag. progress is called with 0 to 1.
 * Rejects with the error of a part that failed for good, or with an AbortError. An error says by `retriable` whether
 * sending the part again may help.
 */
export async function sendInParts({ api, begun, arrived, file, put, pause, progress, signal }) {
  const sizes = Array.from({ length: Math.ceil(file.size / begun.part_size) }, (_, index) =>
    Math.min(begun.part_size, file.size - index * begun.part_size));
  const sent = sizes.map(() => 0);
  const tell = (index, part) => {
    sent[index] = part;
    progress(sent.reduce((total, bytes) => total + bytes, 0) / file.size);
  };

  const there = new Map(arrived.map((part) => [part.part_number, part]));
  const etags = sizes.map((_, index) => there.get(index + 1)?.etag);
  const left = [];
  for (const [index, size] of sizes.entries()) {
    if (there.get(index + 1)?.size === size) tell(index, size);
    else left.push(index);
  }

  let failed = false;
  async function work() {
    while (left.length && !failed) {
      const index = left.shift();
      try {
        etags[index] = await sendStubbornly(index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }

  async function sendPart(index) {
    signal.throwIfAborted();
    const start = index * begun.part_size;
    const { url } = await api.signPart(begun, index + 1, sizes[index]);
    return put(url, file.slice(start, start + sizes[index]), {
      signal,
      progress: (share) => tell(index, share * sizes[index]),
    });
  }

  async function sendStubbornly(index) {
    for (let tried = 1; ; tried += 1) {
      try {
        return await sendPart(index);
      } catch (error) {
        tell(index, 0);
        if (signal.aborted || tried === TRIES || !error.retriable) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** (tried - 1), signal);
      }
    }
  }

  // All of them come to their end before anybody is told: nothing goes on in the background.
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken) throw broken.reason;
  await api.completeParts(begun, etags.map((etag, index) => ({ part_number: index + 1, etag })));
}
