// Suggestions below the search field. Without this file the field and its form work all the same.
(() => {
  const field = document.querySelector("input[data-suggest]");
  const list = field && document.getElementById(field.getAttribute("list"));
  if (!list || !window.fetch) return;
  const LEAST_SIGNS = 2;
  const PAUSE = 150; // ms without a key, so that quick typing asks once
  let waiting;
  let asking;

  const show = (suggestions) => {
    list.replaceChildren(
      ...suggestions.map(({ text, kind, number }) => {
        const option = document.createElement("option");
        option.value = text;
        option.label = `${text} – ${kind}, ${number.toLocaleString("en")} job${number === 1 ? "" : "s"}`;
        return option;
      }),
    );
  };

  const ask = async (typed) => {
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(typed)}`, { signal: asking.signal });
      if (answer.ok) show((await answer.json()).suggestions);
    } catch (error) {
      // A newer question took its place, or the network is away: the form still searches.
      if (error.name !== "AbortError") list.replaceChildren();
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    const typed = field.value.trim();
    if (typed.length < LEAST_SIGNS) {
      asking?.abort();
      list.replaceChildren();
      return;
    }
    waiting = setTimeout(() => ask(typed), PAUSE);
  });
})();
