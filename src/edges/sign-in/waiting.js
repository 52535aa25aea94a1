/*
 * On the page that waits for a phone: asks the server how it stands, one question at a time, each held there until something
 * happens or some seconds have passed, and sends the page's form once there is something to go on with. Without this script
 * the page comes again by itself, and its button does the same.
 */

const form = document.querySelector("form[data-waiting]");
const gone = new AbortController();
addEventListener("pagehide", () => gone.abort());
// brought back as it was, with this script ended
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function ask() {
  try {
    const answer = await fetch(form.dataset.waiting, { signal: gone.signal });
    return (await answer.json()).state;
  } catch {
    // the network, or the server: it may be back soon
    await pause(3000);
    return "pending";
  }
}

let state = "pending";
while (state === "pending" && !gone.signal.aborted) state = await ask();
// "elsewhere": another window waits for it
if (state === "over" && !gone.signal.aborted) form.submit();
