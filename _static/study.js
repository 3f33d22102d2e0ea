/* Quiz and flashcards. A classic script without requests, so that it also
   runs from file://. Without it, the quiz is a list of native disclosures and
   the cards are a plain list: everything can still be read. */
(function () {
  "use strict";

  function element(name, properties, children) {
    var made = document.createElement(name);
    Object.keys(properties || {}).forEach(function (key) {
      if (key === "class" || key.indexOf("-") > 0) {
        made.setAttribute(key, properties[key]);
      } else {
        made[key] = properties[key];
      }
    });
    (children || []).forEach(function (child) { made.append(child); });
    return made;
  }

  function button(words, action, kind) {
    var made = element("button", {
      type: "button",
      class: "book-button " + (kind || ""),
      textContent: words
    });
    made.addEventListener("click", action);
    return made;
  }

  /* --- quiz ------------------------------------------------------------- */

  function quiz(box) {
    var items = Array.from(box.querySelectorAll(".quiz-item"));
    var score = element("span", {});
    score.setAttribute("role", "status");
    var first = new Map(); // item -> the answer that was chosen first

    function show() {
      var right = Array.from(first.values()).filter(function (answer) {
        return answer.dataset.right === "yes";
      }).length;
      score.textContent = first.size === 0
        ? "Choose an answer to see what it rests on."
        : right + " of " + first.size + " right at the first try, " +
          (items.length - first.size) + " to go.";
    }

    function tell() { // the diagnostic listens
      box.dispatchEvent(new CustomEvent("quiz-answered", { detail: first }));
    }

    items.forEach(function (item) {
      var answers = Array.from(item.querySelectorAll(".quiz-answer"));
      answers.forEach(function (answer) {
        var letter = answer.querySelector(".quiz-letter");
        letter.dataset.letter = letter.textContent;
        answer.addEventListener("toggle", function () {
          if (!answer.open) { return; }
          var right = answer.dataset.right === "yes";
          answer.classList.add("seen");
          letter.textContent = right ? "✓" : "✗";
          letter.setAttribute("role", "img");
          letter.setAttribute("aria-label", right ? "right" : "wrong");
          if (!first.has(item)) {
            first.set(item, answer);
            tell();
          }
          answers.forEach(function (other) {
            if (other !== answer) { other.open = false; }
          });
          show();
        });
      });
    });

    function again() {
      first.clear();
      box.querySelectorAll(".quiz-answer").forEach(function (answer) {
        var letter = answer.querySelector(".quiz-letter");
        answer.open = false;
        answer.classList.remove("seen");
        letter.textContent = letter.dataset.letter;
        letter.removeAttribute("role");
        letter.removeAttribute("aria-label");
      });
      show();
      tell();
    }

    box.append(element("div", { class: "quiz-bar" }, [
      score, button("Start again", again)
    ]));
    show();
  }

  /* --- flashcards ------------------------------------------------------- */

  // A browser may refuse storage, and may hold something else under the key.
  var KEY = "seven-steps-known";

  function recall() {
    try {
      var found = JSON.parse(window.localStorage.getItem(KEY));
      return found && typeof found === "object" ? found : {};
    } catch (error) {
      return {};
    }
  }

  function remember(known) {
    try {
      window.localStorage.setItem(KEY, JSON.stringify(known));
    } catch (error) { /* then it lasts as long as the page */ }
  }

  var known = recall();

  function deck(box) {
    var name = box.dataset.deck;
    var cards = Array.from(box.querySelectorAll(".card-face"));
    var order = cards.slice();
    var at = 0;
    var turned = false;
    var skip = false;
    var where = element("span", {});
    where.setAttribute("role", "status");
    var flip = button("Show answer", turn, "main");
    var knows = button("I know this", know);
    var skips = button("Skip what I know", function () {
      skip = !skip;
      show();
    });

    function label(card) { return name + "/" + card.dataset.card; }

    function show() {
      var current = order[at];
      cards.forEach(function (card) {
        card.hidden = card !== current;
        card.querySelector(".back").hidden = !(card === current && turned);
      });
      var count = cards.filter(function (card) {
        return known[label(card)];
      }).length;
      flip.textContent = turned ? "Hide answer" : "Show answer";
      knows.setAttribute("aria-pressed", String(!!known[label(current)]));
      knows.textContent =
        (known[label(current)] ? "✓ " : "") + "I know this";
      skips.setAttribute("aria-pressed", String(skip));
      where.textContent = "Card " + (at + 1) + " of " + cards.length +
        " · " + count + " known";
    }

    function turn() {
      turned = !turned;
      show();
    }

    function know() {
      var card = label(order[at]);
      if (known[card]) { delete known[card]; } else { known[card] = true; }
      remember(known);
      show();
    }

    function move(step) {
      var focused = order[at].contains(document.activeElement);
      for (var tries = 0; tries < order.length; tries += 1) {
        at = (at + step + order.length) % order.length;
        if (!skip || !known[label(order[at])]) { break; }
      }
      turned = false;
      show();
      if (focused) { order[at].focus(); }
    }

    function shuffle() {
      for (var i = order.length - 1; i > 0; i -= 1) {
        var j = Math.floor(Math.random() * (i + 1));
        var kept = order[i];
        order[i] = order[j];
        order[j] = kept;
      }
      at = 0;
      turned = false;
      show();
    }

    cards.forEach(function (card) {
      card.tabIndex = 0;
      card.setAttribute("role", "group");
      card.setAttribute("aria-roledescription", "flashcard");
      card.setAttribute("aria-label", "Flashcard");
      card.querySelector(".back").setAttribute("aria-live", "polite");
      card.addEventListener("click", function (event) {
        if (!event.target.closest("a")) { turn(); }
      });
    });
    box.addEventListener("keydown", function (event) {
      if (event.altKey || event.ctrlKey || event.metaKey) { return; }
      // The theme turns pages with the same arrows.
      if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
        event.preventDefault();
        event.stopPropagation();
        move(event.key === "ArrowRight" ? 1 : -1);
      } else if ((event.key === " " || event.key === "Enter") &&
          event.target.classList.contains("card-face")) {
        event.preventDefault();
        turn();
      }
    });
    box.append(element("div", { class: "deck-bar" }, [
      button("← Previous", function () { move(-1); }),
      flip,
      button("Next →", function () { move(1); }),
      knows,
      button("Shuffle", shuffle),
      skips
    ]));
    box.append(element("div", { class: "deck-status" }, [where]));
    box.classList.add("live");
    show();
  }

  function start() {
    document.querySelectorAll(".quiz").forEach(quiz);
    document.querySelectorAll(".deck").forEach(deck);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
}());
