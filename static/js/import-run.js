// Renews what a run's page says of its progress. Without this file the page comes anew every few seconds.
(() => {
  const EVERY = 2000;
  const renew = async () => {
    const state = document.getElementById("run-state");
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("run-state");
        if (!fresh) return location.reload();
        if (!fresh.hasAttribute("data-going-on")) {
          // It is over: what it found stands beside its state, and the page's title and focus stay.
          document.getElementById("content-main").replaceWith(page.getElementById("content-main"));
          return;
        }
        // Piece by piece, so that who reads or stands on the link there is not thrown off.
        for (const part of [".words", ".counts"]) {
          const [old, now] = [state.querySelector(part), fresh.querySelector(part)];
          if (old.innerHTML !== now.innerHTML) old.innerHTML = now.innerHTML;
        }
        const [bar, now] = [state.querySelector("progress"), fresh.querySelector("progress")];
        if (now.hasAttribute("max")) {
          bar.max = now.max;
          bar.value = now.value;
        }
      }
    } catch {
      // The board is away for a moment; the import is not.
    }
    setTimeout(renew, EVERY);
  };
  if (document.querySelector("#run-state[data-going-on]")) setTimeout(renew, EVERY);
})();
