// Filters, sorting, pages and searches take effect in place. Without this file each of them loads the page anew.
(() => {
  const form = document.getElementById("search");
  const filters = document.getElementById("filters");
  const status = document.getElementById("status");
  if (!form || !filters || !status || !window.fetch || !window.AbortController) return;
  let shown = location.pathname + location.search;
  let asking;

  // Whoever comes back finds the page as long as it was, and so is at the same place.
  const keep = (changes) => history.replaceState({ ...history.state, ...changes }, "");
  if (history.state?.open) filters.open = true;
  filters.addEventListener("toggle", () => keep({ open: filters.open }));

  const results = () => document.getElementById("results");
  const heading = () => document.getElementById("results-heading");

  const asked = () => {
    const pairs = [...new FormData(form)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(pairs).toString();
    return new URL(form.action).pathname + (query ? `?${query}` : "");
  };

  // What the keyboard is on, to find it again in the new filters.
  const held = () => {
    const on = document.activeElement;
    if (!on || !filters.contains(on) || !on.name) return null;
    return on.type === "checkbox" ? `input[name="${on.name}"][value="${CSS.escape(on.value)}"]` : `[name="${on.name}"]`;
  };

  const swap = (page, isBack) => {
    const holding = held();
    results().replaceWith(page.getElementById("results"));
    const fresh = page.getElementById("filters");
    filters.querySelector("summary").replaceWith(fresh.querySelector("summary"));
    filters.querySelector(".filter-groups").replaceWith(fresh.querySelector(".filter-groups"));
    form.querySelectorAll('input[type="hidden"]').forEach((each) => each.remove());
    form.append(...page.querySelectorAll('#search input[type="hidden"]'));
    for (const field of [form.q, form.place]) {
      // Not while somebody types in it, unless it is to say what the earlier list was asked for.
      if (isBack || field !== document.activeElement) field.value = page.getElementById(field.id).value;
    }
    document.title = page.title;
    status.textContent = heading().textContent;
    if (holding) filters.querySelector(holding)?.focus({ preventScroll: true });
  };

  const load = async (address, isBack = false) => {
    asking?.abort();
    const own = (asking = new AbortController());
    results().setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal: own.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (own.signal.aborted) return false;
      if (!page.getElementById("results") || !page.getElementById("filters")) throw new Error("no list");
      swap(page, isBack);
      return true;
    } catch (error) {
      // The network is away, or it is no list: the browser itself says best what it is.
      if (error.name !== "AbortError") location.assign(address);
      return false;
    }
  };

  const go = async (address, { toTop = false } = {}) => {
    if (!(await load(address))) return;
    if (address !== shown) {
      keep({ top: scrollY });
      history.pushState({ open: filters.open }, "", address);
      shown = address;
    }
    if (toTop) {
      heading().focus({ preventScroll: true });
      if (heading().getBoundingClientRect().top < 0) heading().scrollIntoView();
    }
  };

  filters.addEventListener("change", () => go(asked()));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const isFromFilters = filters.contains(event.submitter);
    // On a narrow screen the results lie behind the filters.
    if (isFromFilters) filters.open = false;
    go(asked(), { toTop: isFromFilters });
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-in-place] a");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.pathname + link.search, { toTop: true });
  });

  addEventListener("popstate", async (event) => {
    const address = location.pathname + location.search;
    if (address === shown) return; // only the part behind # changed
    shown = address;
    if (!(await load(address, true))) return;
    filters.open = Boolean(event.state?.open);
    scrollTo(0, event.state?.top ?? 0);
  });
})();
