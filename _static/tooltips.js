/* Words of the glossary beside its terms (see _ext/tooltips.py): on hover, on
   focus and on the first tap; a second tap follows the link, Escape closes. */
(function () {
  "use strict";

  var open = null;
  var leaving = 0;

  function place(tip) {
    // Fixed to the window, so that no frame that scrolls can cut it off.
    var edge = 8;
    var at = tip.link.getClientRects()[0] || tip.link.getBoundingClientRect();
    var box = tip.words;
    box.style.left = "0px";
    box.style.top = "0px";
    var size = box.getBoundingClientRect();
    var wide = document.documentElement.clientWidth;
    var left = Math.min(at.left, wide - size.width - edge);
    var above = at.top - size.height;
    var below = at.bottom + size.height > window.innerHeight && above > 0;
    box.style.left = Math.max(edge, left) + "px";
    box.style.top = (below ? above : at.bottom) + "px";
  }

  function hide() {
    window.clearTimeout(leaving);
    if (open) { open.words.hidden = true; }
    open = null;
  }

  function show(tip) {
    if (open !== tip) { hide(); }
    window.clearTimeout(leaving);
    open = tip;
    tip.words.hidden = false;
    place(tip);
  }

  function prepare(span, number) {
    var link = span.querySelector("a");
    var words = document.createElement("span");
    var inner = document.createElement("span");
    var tip = { link: link, words: words };
    var touched = false; // by a finger, while it was not open
    words.id = "tip-" + (number + 1);
    words.className = "tip-words";
    words.hidden = true;
    words.setAttribute("role", "tooltip");
    inner.textContent = span.dataset.tip;
    words.append(inner);
    span.append(words);
    link.setAttribute("aria-describedby", words.id);
    span.addEventListener("pointerenter", function (event) {
      if (event.pointerType !== "touch") { show(tip); }
    });
    span.addEventListener("pointerleave", function (event) {
      if (event.pointerType === "touch" || open !== tip) { return; }
      leaving = window.setTimeout(function () {
        if (document.activeElement !== link) { hide(); }
      }, 150); // time to move onto the words
    });
    link.addEventListener("focus", function () { show(tip); });
    link.addEventListener("blur", hide);
    link.addEventListener("pointerdown", function (event) {
      touched = event.pointerType === "touch" && open !== tip;
    });
    link.addEventListener("click", function (event) {
      if (touched) { event.preventDefault(); show(tip); }
      touched = false;
    });
  }

  function start() {
    document.querySelectorAll(".tip[data-tip]").forEach(prepare);
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { hide(); }
    });
    document.addEventListener("pointerdown", function (event) {
      if (open && !open.link.parentNode.contains(event.target)) { hide(); }
    });
    document.addEventListener("scroll", function () {
      if (open) { place(open); }
    }, { capture: true, passive: true });
    window.addEventListener("resize", hide);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
}());
