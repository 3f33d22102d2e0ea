/* The sizing calculator. `window.capacity` holds the functions of
   utils/capacity.py under camel-case names; each takes one object whose keys
   are the arguments' names in Python, and throws a RangeError with the same
   words. tests/vectors/capacity.json holds both to the same numbers. */
(function () {
  "use strict";

  var SECONDS_PER_DAY = 86400;
  var HOURS_PER_MONTH = 730; // 365 * 24 / 12
  var BYTES_PER_GIB = Math.pow(2, 30);

  /* --- the rules ---------------------------------------------------------- */

  function refuse(name, rule, value) {
    throw new RangeError(name + " must be " + rule + ", got " + value);
  }

  // Each rule refuses the named arguments that break it; NaN and what is
  // missing break every one.
  function rule(words, holds) {
    return function (given, names) {
      names.forEach(function (name) {
        var value = given[name];
        if (typeof value !== "number" || !holds(value)) {
          refuse(name, words, value);
        }
      });
    };
  }

  var check = rule("finite and at least 0", function (value) {
    return value >= 0 && value < Infinity;
  });
  var checkAbove0 = rule("above 0", function (value) { return value > 0; });
  var checkShare = rule("in (0, 1]", function (value) {
    return value > 0 && value <= 1;
  });
  var checkBelow1 = rule("in [0, 1)", function (value) {
    return value >= 0 && value < 1;
  });
  var checkFrom0To1 = rule("in [0, 1]", function (value) {
    return value >= 0 && value <= 1;
  });
  var checkAtLeast1 = rule("at least 1", function (value) {
    return value >= 1 && value < Infinity;
  });

  function withDefaults(given, defaults) {
    return Object.assign({}, defaults, given);
  }

  // 10.000000000000002 machines are 10, not 11.
  function whole(load) {
    return Math.ceil(Number(load.toFixed(9)));
  }

  /* --- the arithmetic ----------------------------------------------------- */

  var capacity = {
    requestsPerSecond: function (a) {
      check(a, ["daily_users", "requests_per_user_day"]);
      checkAtLeast1(a, ["peak_factor"]);
      return a.daily_users * a.requests_per_user_day / SECONDS_PER_DAY *
        a.peak_factor;
    },

    storageGib: function (given) {
      var a = withDefaults(given, { copies: 1 });
      check(a, ["rows", "bytes_per_row"]);
      checkAtLeast1(a, ["copies"]);
      return a.rows * a.bytes_per_row * a.copies / BYTES_PER_GIB;
    },

    indexMemoryGib: function (given) {
      var a = withDefaults(given, { overhead_bytes_per_vector: 0 });
      check(a, ["vectors", "dimensions", "bytes_per_value",
        "overhead_bytes_per_vector"]);
      var each = a.dimensions * a.bytes_per_value +
        a.overhead_bytes_per_vector;
      return a.vectors * each / BYTES_PER_GIB;
    },

    machines: function (given) {
      var a = withDefaults(given, { utilisation: 0.6, spare: 0 });
      check(a, ["peak_qps", "qps_per_machine", "spare"]);
      checkAbove0(a, ["qps_per_machine"]);
      checkShare(a, ["utilisation"]);
      return whole(a.peak_qps / (a.qps_per_machine * a.utilisation)) +
        a.spare;
    },

    qpsPerMachine: function (a) {
      check(a, ["cores", "cpu_ms_per_request"]);
      checkAbove0(a, ["cpu_ms_per_request"]);
      return a.cores * 1000 / a.cpu_ms_per_request;
    },

    machinesForMemory: function (given) {
      var a = withDefaults(given, { usable_share: 0.7 });
      check(a, ["memory_gib", "memory_gib_per_machine"]);
      checkAbove0(a, ["memory_gib_per_machine"]);
      checkShare(a, ["usable_share"]);
      return whole(a.memory_gib /
        (a.memory_gib_per_machine * a.usable_share));
    },

    accelerators: function (given) {
      var a = withDefaults(given, { utilisation: 0.6, spare: 0 });
      check(a, ["peak_qps", "flops_per_request", "sustained_flops_per_s",
        "spare"]);
      checkAbove0(a, ["sustained_flops_per_s"]);
      checkShare(a, ["utilisation"]);
      return whole(a.peak_qps * a.flops_per_request /
        (a.sustained_flops_per_s * a.utilisation)) + a.spare;
    },

    trainingHours: function (a) {
      check(a, ["examples", "flops_per_example", "accelerators",
        "sustained_flops_per_s"]);
      checkAbove0(a, ["accelerators", "sustained_flops_per_s"]);
      return a.examples * a.flops_per_example /
        (a.accelerators * a.sustained_flops_per_s) / 3600;
    },

    trainingCostUsd: function (a) {
      check(a, ["accelerators", "hours", "usd_per_accelerator_hour"]);
      return a.accelerators * a.hours * a.usd_per_accelerator_hour;
    },

    concurrentRequests: function (a) {
      check(a, ["requests_per_second", "latency_ms"]);
      return a.requests_per_second * a.latency_ms / 1000;
    },

    queueingDelayMs: function (a) {
      check(a, ["service_ms"]);
      checkBelow1(a, ["utilisation"]);
      return a.service_ms * a.utilisation / (1 - a.utilisation);
    },

    responseQuantileMs: function (a) {
      check(a, ["service_ms"]);
      checkBelow1(a, ["utilisation", "quantile"]);
      return -Math.log1p(-a.quantile) * a.service_ms / (1 - a.utilisation);
    },

    bandwidthMbitPerS: function (a) {
      check(a, ["requests_per_second", "bytes_per_request"]);
      return a.requests_per_second * a.bytes_per_request * 8 / 1e6;
    },

    monthlyCostUsd: function (a) {
      check(a, ["machines", "usd_per_machine_hour"]);
      return a.machines * a.usd_per_machine_hour * HOURS_PER_MONTH;
    },

    costUsdPerThousandRequests: function (a) {
      check(a, ["machines", "usd_per_machine_hour",
        "average_requests_per_second"]);
      checkAbove0(a, ["average_requests_per_second"]);
      return a.machines * a.usd_per_machine_hour / 3600 /
        a.average_requests_per_second * 1000;
    },

    fanOutTail: function (a) {
      checkAtLeast1(a, ["shards"]);
      checkFrom0To1(a, ["slow_share"]);
      return 1 - Math.pow(1 - a.slow_share, a.shards);
    }
  };

  window.capacity = capacity;

  /* --- the form ----------------------------------------------------------- */

  // Every line of the results from the values of the form, in plain units.
  function sized(v) {
    var load = {
      daily_users: v.daily_users,
      requests_per_user_day: v.requests_per_user_day
    };
    var average = capacity.requestsPerSecond(
      Object.assign({ peak_factor: 1 }, load));
    var peak = capacity.requestsPerSecond(
      Object.assign({ peak_factor: v.peak_factor }, load));
    var cpuMs = v.candidates * v.cpu_us_per_candidate / 1000;
    var each = capacity.qpsPerMachine({
      cores: v.cores, cpu_ms_per_request: cpuMs
    });
    var fleet = capacity.machines({
      peak_qps: peak,
      qps_per_machine: each,
      utilisation: v.utilisation,
      spare: v.spare
    });
    return {
      average_qps: average,
      peak_qps: peak,
      in_flight: capacity.concurrentRequests({
        requests_per_second: peak, latency_ms: v.latency_ms
      }),
      log_gib: capacity.storageGib({
        rows: v.daily_users * v.requests_per_user_day *
          v.rows_per_request * v.retention_days,
        bytes_per_row: v.bytes_per_row,
        copies: v.copies
      }),
      index_gib: capacity.indexMemoryGib({
        vectors: v.vectors,
        dimensions: v.dimensions,
        bytes_per_value: v.bytes_per_value,
        overhead_bytes_per_vector: v.overhead_bytes_per_vector
      }),
      out_mbit: capacity.bandwidthMbitPerS({
        requests_per_second: peak, bytes_per_request: v.bytes_per_response
      }),
      qps_each: each,
      machines: fleet,
      usd_month: capacity.monthlyCostUsd({
        machines: fleet, usd_per_machine_hour: v.usd_per_machine_hour
      }),
      // Without a request there is no cost per request.
      usd_thousand: average === 0 ? NaN : capacity.costUsdPerThousandRequests({
        machines: fleet,
        usd_per_machine_hour: v.usd_per_machine_hour,
        average_requests_per_second: average
      })
    };
  }

  // 1,234,567 · 12.3 · 0.00123
  function shown(value) {
    if (!isFinite(value)) { return "–"; }
    var size = Math.abs(value);
    var places = size >= 100 || size === Math.round(size)
      ? { maximumFractionDigits: 0 }
      : size >= 1
        ? { maximumFractionDigits: 1 }
        : { maximumSignificantDigits: 3 };
    return value.toLocaleString("en-GB", places);
  }

  // What is wrong with a field, in words; empty if nothing.
  function fault(input) {
    var name = input.dataset.name;
    var value = input.validity.badInput ? NaN : input.valueAsNumber;
    var low = Number(input.min);
    var high = Number(input.max);
    var wanted = " must be between " + shown(low) + " and " + shown(high);
    if (input.value.trim() === "" && !input.validity.badInput) {
      return name + wanted + ", got nothing.";
    }
    if (!(value >= low && value <= high)) {
      var got = isFinite(value)
        ? value.toLocaleString("en-GB", { maximumSignificantDigits: 6 })
        : "no number";
      return name + wanted + ", got " + got + ".";
    }
    return input.dataset.whole && value !== Math.round(value)
      ? name + " must be a whole number, got " + value + "."
      : "";
  }

  function calculator(box) {
    var form = box.querySelector("form");
    var inputs = Array.from(form.querySelectorAll("input"));
    var results = Array.from(box.querySelectorAll("[data-result]"));
    var status = box.querySelector(".calculator-status");
    var waiting = null;

    // Spoken once typing has stopped, not at every key.
    function say(words) {
      window.clearTimeout(waiting);
      waiting = window.setTimeout(function () {
        status.textContent = words;
      }, 600);
    }

    function update() {
      var values = {};
      var wrong = 0;
      inputs.forEach(function (input) {
        var words = fault(input);
        var place = document.getElementById(input.id + "-fault");
        if (place.textContent !== words) { place.textContent = words; }
        if (words) {
          wrong += 1;
          input.setAttribute("aria-invalid", "true");
        } else {
          input.removeAttribute("aria-invalid");
        }
        values[input.name] = input.valueAsNumber * Number(input.dataset.times);
      });
      var sizes = {};
      var words = "";
      if (wrong) {
        words = wrong === 1
          ? "One field needs a different value; the results wait for it."
          : wrong + " fields need different values; the results wait for them.";
      } else {
        try {
          sizes = sized(values);
          words = shown(sizes.machines) + " machines, " +
            shown(sizes.usd_month) + " US dollars a month.";
        } catch (error) {
          words = error.message + ".";
        }
      }
      results.forEach(function (place) {
        var value = sizes[place.dataset.result];
        place.textContent = value === undefined ? "–" : shown(value);
      });
      box.classList.toggle("waiting", wrong > 0);
      say(words);
    }

    form.addEventListener("input", update);
    form.addEventListener("submit", function (event) {
      event.preventDefault();
    });
    form.addEventListener("reset", function () {
      window.setTimeout(update); // after the fields have their first values
    });
    box.querySelector(".calculator-without").hidden = true;
    box.querySelector(".calculator-live").hidden = false;
    update();
  }

  function start() {
    document.querySelectorAll(".calculator").forEach(calculator);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
}());
