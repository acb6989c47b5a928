// What makes a posting's form quicker to fill. Without this file every field and button works all the same.
(() => {
  const form = document.getElementById("posting_form");
  if (!form) return;

  // Buttons such as "Pin" leave the page at once: the browser asks first where something is not saved.
  let isChanged = false;
  form.addEventListener("input", (event) => {
    isChanged ||= Boolean(event.target.name);
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formTarget !== "_blank") isChanged = false;
  });
  addEventListener("beforeunload", (event) => {
    if (isChanged) event.preventDefault();
  });

  // Long lists of values are narrowed while one types.
  for (const group of form.querySelectorAll(".boxes.long")) {
    const box = group.querySelector(".narrow");
    const field = box.querySelector("input");
    const rows = [...group.querySelectorAll("li")];
    box.hidden = false;
    field.addEventListener("input", () => {
      const typed = field.value.trim().toLocaleLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLocaleLowerCase().includes(typed);
    });
    field.addEventListener("keydown", (event) => {
      // Enter would save the form.
      if (event.key === "Enter") event.preventDefault();
    });
    const summary = group.querySelector("summary");
    group.addEventListener("change", () => {
      const names = [...group.querySelectorAll("li :checked")].map((each) => each.closest("label").textContent.trim());
      const chosen = document.createElement("strong");
      chosen.textContent = names.join(", ");
      summary.replaceChildren(names.length ? chosen : "None", " ", summary.querySelector(".quiet"));
    });
  }

  // Companies that are there already are offered by their names.
  const company = form.querySelector("#id_company");
  if (!company || !window.fetch) return;
  const LEAST_SIGNS = 2;
  const PAUSE = 150; // ms without a key, so that quick typing asks once
  const list = document.createElement("datalist");
  list.id = "companies";
  company.after(list);
  company.setAttribute("list", list.id);
  let waiting;
  let asking;
  const ask = async (typed) => {
    asking?.abort();
    asking = new AbortController();
    const asked = new URLSearchParams({ term: typed, app_label: "postings", model_name: "posting", field_name: "company" });
    try {
      const answer = await fetch(`${company.dataset.suggest}?${asked}`, { signal: asking.signal });
      if (!answer.ok) return;
      list.replaceChildren(...(await answer.json()).results.map(({ text }) => new Option(text, text)));
    } catch {
      // A newer question took its place, or the network is away: the name can be typed all the same.
    }
  };
  company.addEventListener("input", () => {
    clearTimeout(waiting);
    const typed = company.value.trim();
    if (typed.length >= LEAST_SIGNS) waiting = setTimeout(() => ask(typed), PAUSE);
  });
})();
