using System.Globalization;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA;

/// <summary>The rules between the times of an election: without them two processes could lead at once, or none for long.</summary>
internal static class LeaderElectionRules
{
    // A timer counts milliseconds, and nobody means more than a day.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static void Check(LeaderElectionOptions options, List<string> failures)
    {
        var before = failures.Count;
        CheckTime(nameof(options.LeaseDuration), options.LeaseDuration, failures);
        CheckTime(nameof(options.RenewDeadline), options.RenewDeadline, failures);
        CheckTime(nameof(options.RetryPeriod), options.RetryPeriod, failures);
        CheckTime(nameof(options.RequestTimeout), options.RequestTimeout, failures);
        if (!(options.MaxClockRateError is >= 0 and < 0.5))
        {
            failures.Add(Invariant(
                $"LeaderElection.MaxClockRateError ({options.MaxClockRateError}) is out of range: use a fraction from 0 up to, but not including, 0.5, such as 0.01 for 1 %."));
        }

        // The rules between values say nothing of value about values that are wrong in themselves.
        if (failures.Count == before)
        {
            CheckLease(options, failures);
            CheckDeadline(options, failures);
        }
    }

    private static void CheckTime(string name, TimeSpan value, List<string> failures)
    {
        if (value < Shortest || value > Longest)
        {
            failures.Add(
                $"LeaderElection.{name} ({Text(value)}) is out of range: use a time from 1 ms to 1 day; in configuration 15 seconds are written '00:00:15'.");
        }
        else if (name == nameof(LeaderElectionOptions.LeaseDuration) && value.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            failures.Add(
                $"LeaderElection.{name} ({Text(value)}) is not in whole seconds, and the lock that others read holds no fractions: "
                + $"use {Text(TimeSpan.FromSeconds(Math.Ceiling(value.TotalSeconds)))}.");
        }
    }

    private static void CheckLease(LeaderElectionOptions options, List<string> failures)
    {
        // The leader's clock may be slow and the contender's fast, each by the rate error.
        var e = options.MaxClockRateError;
        var factor = (1 + e) / (1 - e);
        if (options.LeaseDuration.Ticks * (1 - e) > options.RenewDeadline.Ticks * (1 + e))
        {
            return;
        }

        var bound = options.RenewDeadline * factor;
        var enough = TimeSpan.FromSeconds(Math.Floor(bound.TotalSeconds) + 1);
        var why = e > 0 ? Invariant($" × {factor:0.####} = {Text(bound)}, because clocks may run {e * 100:0.####} % wrong") : ", or a contender takes over while the leader still leads";
        failures.Add(
            $"LeaderElection.LeaseDuration ({Text(options.LeaseDuration)}) must be longer than RenewDeadline ({Text(options.RenewDeadline)}){why}: "
            + $"make LeaseDuration at least {Text(enough)}, or RenewDeadline shorter than {Text(options.LeaseDuration / factor)}.");
    }

    private static void CheckDeadline(LeaderElectionOptions options, List<string> failures)
    {
        var bound = options.RetryPeriod + options.RequestTimeout;
        if (options.RenewDeadline <= bound)
        {
            failures.Add(
                $"LeaderElection.RenewDeadline ({Text(options.RenewDeadline)}) must be longer than RetryPeriod ({Text(options.RetryPeriod)}) "
                + $"+ RequestTimeout ({Text(options.RequestTimeout)}) = {Text(bound)}, or one slow request costs the leadership: "
                + $"make RenewDeadline longer than {Text(bound)}, or the other two shorter.");
        }
    }

    private static string Text(TimeSpan time) =>
        Math.Abs(time.TotalDays) >= 1 ? Invariant($"{time.TotalDays:0.###} days")
        : Math.Abs(time.TotalSeconds) >= 1 || time == TimeSpan.Zero ? Invariant($"{time.TotalSeconds:0.###} s")
        : Invariant($"{time.TotalMilliseconds:0.####} ms");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
