// A posting beside its form, as visitors would see it, renewed while one types. Without this file a button opens it.
(() => {
  const box = document.querySelector("[data-preview]");
  const form = box?.closest("form");
  if (!form || !window.fetch || !box.attachShadow) return;
  const PAUSE = 400; // ms without a key
  const status = box.querySelector("[role=status]");
  const sheet = box.querySelector(".sheet");
  // A tree of its own, so that the board's look and the admin's leave each other alone.
  const shown = sheet.attachShadow({ mode: "open" });
  const styles = [box.dataset.boardCss, box.dataset.previewCss].map((href) =>
    Object.assign(document.createElement("link"), { rel: "stylesheet", href }),
  );
  const page = document.createElement("div");
  page.className = "page";
  shown.append(...styles, page);

  let waiting;
  let asking;
  let isOld = true;

  const show = (answer) => {
    const parts = answer.querySelectorAll(".unpublished, article.posting");
    if (!parts.length) throw new Error("no posting");
    // What is followed here must not take away a form that is not saved.
    for (const link of answer.querySelectorAll("article a[href]")) {
      link.target = "_blank";
      link.relList.add("noopener");
    }
    page.replaceChildren(...parts);
  };

  const renew = async () => {
    if (!box.open || !isOld) return;
    isOld = false;
    asking?.abort();
    const own = (asking = new AbortController());
    try {
      const answer = await fetch(box.dataset.preview, { method: "POST", body: new FormData(form), signal: own.signal });
      if (!answer.ok) throw new Error(answer.status === 400 || answer.status === 413 ? "it is too large" : `the board answered ${answer.status}`);
      const text = await answer.text();
      if (own.signal.aborted) return;
      show(new DOMParser().parseFromString(text, "text/html"));
      status.textContent = "";
    } catch (error) {
      if (error.name === "AbortError") return;
      isOld = true;
      status.textContent = `The preview could not be made: ${error.message}.`;
    }
  };

  const later = () => {
    isOld = true;
    clearTimeout(waiting);
    waiting = setTimeout(renew, PAUSE);
  };

  form.addEventListener("input", later);
  form.addEventListener("change", later);
  box.addEventListener("toggle", renew);
  // Where there is room for both, it stands open.
  if (matchMedia("(min-width: 80rem)").matches) box.open = true;
  renew();
})();
