// Every frame of a minute into one row. From `labels` to `rows` it is the same as hour.flux.
import "date"
import "system"

option task = {name: "tictally_minute", every: 1m, offset: 10s}

raw = "tictally_raw"
minutes = "tictally_minute"
retention = 30d
registers = /^REGISTERS$/
numbers = /^NUMBERS$/

// A window older than the raw frames' retention may have lost some of them, and one that is not over lacks some. Neither
// is aggregated: an empty range takes its place.
stop = date.truncate(t: now(), unit: 1m)
start = date.sub(d: 1m, from: stop)
isWhole = start >= date.sub(d: retention, from: system.time()) and stop <= system.time()
begin = if isWhole then start else 2200-01-01T00:00:00Z
end = if isWhole then stop else 2200-01-01T01:00:00Z

labels = (wanted) =>
    from(bucket: raw)
        |> range(start: begin, stop: end)
        |> filter(fn: (r) => r._measurement == "tic")
        |> filter(fn: (r) => r._field =~ wanted)

// Each edge by itself, which InfluxDB aggregates in its storage, then the edges of a meter together. Windows are complete:
// they begin at whole minutes and hours of UTC, as start and stop do.
windows = (tables=<-, every, fn) =>
    tables
        |> aggregateWindow(every: every, fn: fn, createEmpty: false, timeSrc: "_start")
        |> group(columns: ["_measurement", "meter", "_field", "_time"])

row = (tables=<-, suffix) =>
    tables
        |> keep(columns: ["_measurement", "meter", "_field", "_time", "_value"])
        |> map(fn: (r) => ({r with _field: r._field + suffix}))
        |> group(columns: ["_measurement", "meter", "_field"])

newest = (every) =>
    labels(wanted: registers)
        |> window(every: every)
        |> last()
        |> group(columns: ["_measurement", "meter", "_field", "_start"])
        |> sort(columns: ["_time"])
        |> last()
        |> drop(columns: ["_time", "_stop"])
        |> rename(columns: {_start: "_time"})
        |> row(suffix: "")

least = (every) => labels(wanted: numbers) |> windows(every: every, fn: min) |> min() |> row(suffix: "_min")

most = (every) => labels(wanted: numbers) |> windows(every: every, fn: max) |> max() |> row(suffix: "_max")

// The mean of all frames is not the mean of the edges' means.
average = (every) => {
    sums = labels(wanted: numbers) |> windows(every: every, fn: sum) |> sum() |> toFloat() |> set(key: "part", value: "sum")
    counts = labels(wanted: numbers) |> windows(every: every, fn: count) |> sum() |> toFloat() |> set(key: "part", value: "n")

    return
        union(tables: [sums, counts])
            |> group(columns: ["_measurement", "meter", "_field", "_time"])
            |> pivot(rowKey: ["_time"], columnKey: ["part"], valueColumn: "_value")
            |> map(
                fn: (r) =>
                    ({
                        _measurement: r._measurement,
                        meter: r.meter,
                        _field: r._field,
                        _time: r._time,
                        _value: r.sum / r.n,
                    }),
            )
            |> row(suffix: "_mean")
}

frames = (every) =>
    labels(wanted: /^seq$/)
        |> windows(every: every, fn: count)
        |> sum()
        |> set(key: "_field", value: "frames")
        |> row(suffix: "")

rows = (every) =>
    union(
        tables: [
            newest(every: every),
            least(every: every),
            most(every: every),
            average(every: every),
            frames(every: every),
        ],
    )

rows(every: 1m) |> to(bucket: minutes)
