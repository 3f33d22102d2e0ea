/* The diagnostic and the checklists of *Start here*. The questions are the
   quiz of study.js, which tells here what was answered first; both kinds of
   state stay in this browser, if it lets them. */
(function () {
  "use strict";

  function recall(key) {
    try {
      var found = JSON.parse(window.localStorage.getItem(key));
      return found && typeof found === "object" ? found : {};
    } catch (error) {
      return {};
    }
  }

  function remember(key, value) {
    try {
      window.localStorage.setItem(key, JSON.stringify(value));
    } catch (error) { /* then it lasts as long as the page */ }
  }

  /* --- what to read first ------------------------------------------------ */

  var ANSWERS = "seven-steps-diagnostic";

  function diagnostic(box) {
    var items = Array.from(box.querySelectorAll(".quiz-item"));
    var head = box.querySelector(".diagnostic-head");
    var list = box.querySelector(".diagnostic-pages");
    var rows = Array.from(list.children);
    head.setAttribute("role", "status");

    function name(item) { return item.dataset.item; }

    function show(first) {
      var missed = new Set();
      first.forEach(function (answer, item) {
        if (answer.dataset.right !== "yes") { missed.add(name(item)); }
      });
      var done = first.size === items.length;
      var chosen = rows.map(function (row, at) {
        var count = 0;
        row.querySelectorAll("[data-question]").forEach(function (words) {
          words.hidden = !missed.has(words.dataset.question);
          count += words.hidden ? 0 : 1;
        });
        row.hidden = count === 0;
        return { row: row, count: count, at: at,
                 there: row.dataset.there === "yes" ? 1 : 0 };
      }).sort(function (a, b) {
        return b.there - a.there || b.count - a.count || a.at - b.at;
      });
      chosen.forEach(function (one) { list.append(one.row); });
      list.hidden = missed.size === 0;
      if (!done && missed.size === 0) {
        head.textContent = "Answer all ten, and the pages to read first " +
          "stand here, in order.";
      } else if (!done) {
        head.textContent = "So far, in this order:";
      } else if (missed.size === 0) {
        head.textContent = "Ten of ten. Begin with the case, as a mock " +
          "interview: stop after its step 2 and write down your own steps " +
          "3 to 7.";
      } else {
        head.textContent = "Read these first, in this order:";
      }
    }

    box.addEventListener("quiz-answered", function (event) {
      var kept = {};
      event.detail.forEach(function (answer, item) {
        kept[name(item)] = Array.from(
          item.querySelectorAll(".quiz-answer")
        ).indexOf(answer);
      });
      remember(ANSWERS, kept);
      show(event.detail);
    });

    var kept = recall(ANSWERS);
    show(new Map());
    items.forEach(function (item) {
      var answers = item.querySelectorAll(".quiz-answer");
      var answer = answers[kept[name(item)]];
      if (answer) { answer.open = true; } // and study.js takes it as chosen
    });
  }

  /* --- checklists -------------------------------------------------------- */

  var TICKS = "seven-steps-plan";

  function plans(boxes) {
    var ticks = recall(TICKS);
    boxes.forEach(function (plan) {
      var name = plan.dataset.plan || plan.id || "plan";
      var status = document.createElement("span");
      var again = document.createElement("button");
      var inputs = Array.from(plan.querySelectorAll("input[type=checkbox]"));
      status.setAttribute("role", "status");
      again.type = "button";
      again.className = "book-button";
      again.textContent = "Clear the ticks";

      function show() {
        var done = inputs.filter(function (one) { return one.checked; });
        status.textContent = done.length + " of " + inputs.length + " done";
      }

      inputs.forEach(function (input) {
        var line = input.closest("li");
        var label = document.createElement("label");
        // Words, not numbers: a plan may change between two visits.
        var key = name + ": " + line.textContent.trim().slice(0, 60);
        label.append(document.createElement("span"));
        input.disabled = false;
        input.checked = ticks[key] === true;
        input.setAttribute("aria-label", line.textContent.trim());
        input.before(label);
        label.prepend(input);
        input.addEventListener("change", function () {
          if (input.checked) { ticks[key] = true; } else { delete ticks[key]; }
          remember(TICKS, ticks);
          show();
        });
      });
      again.addEventListener("click", function () {
        inputs.forEach(function (input) {
          if (input.checked) { input.click(); }
        });
      });
      var bar = document.createElement("div");
      bar.className = "quiz-bar";
      bar.append(status, again);
      plan.append(bar);
      show();
    });
  }

  function start() {
    document.querySelectorAll(".diagnostic").forEach(diagnostic);
    plans(Array.from(document.querySelectorAll(".plan")));
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
}());
