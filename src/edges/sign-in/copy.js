/*
 * Copies the ids of an error page with one press. A button with `data-copy` (the id of a list of terms and values) is shown
 * where the browser lets a page write to the clipboard; what comes of it is said in the element that follows it, in the words of
 * its own data-done.
 */

const textOf = (list) =>
  [...list.querySelectorAll("dt")]
    .map((term) => `${term.textContent}: ${term.nextElementSibling.textContent}`)
    .join("\n");

for (const button of navigator.clipboard ? document.querySelectorAll("button[data-copy]") : []) {
  button.hidden = false;
  const said = button.nextElementSibling;
  // where it is refused the ids still stand there to be marked
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(textOf(document.getElementById(button.dataset.copy))).then(
      () => (said.textContent = said.dataset.done),
      () => undefined,
    );
  });
}
