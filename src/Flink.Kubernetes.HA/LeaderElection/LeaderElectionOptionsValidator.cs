using System.Globalization;
using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Validates the timing of an election. With invalid values two processes could lead at once, or none for a long time.</summary>
internal static class LeaderElectionOptionsValidator
{
    // Timers have a resolution of one millisecond; a value above one day is taken for a mistake in the unit.
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
            failures.Add(
                Invariant($"LeaderElection.MaxClockRateError ({options.MaxClockRateError}) is out of range: ")
                + "use a fraction from 0 up to, but not including, 0.5, such as 0.01 for 1 %.");
        }

        if (!Enum.IsDefined(options.HeartbeatMode))
        {
            failures.Add(Invariant($"LeaderElection.HeartbeatMode ({(int)options.HeartbeatMode}) is not a HeartbeatMode: use ConfigMap or ProcessLease."));
        }

        if (options.ProofOfDeath && !ObjectKey.IsValid(options.OwnPodName))
        {
            failures.Add(
                $"LeaderElection.ProofOfDeath needs the name of this process's Pod, and LeaderElection.PodName ('{options.OwnPodName}') is none: "
                + "set the environment variable POD_NAME from metadata.name by the downward API, or the option.");
        }

        // The relations are checked only between valid values: their advice would mislead if one of the values is out of range itself.
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
                $"LeaderElection.{name} ({Text(value)}) is out of range: use a time from 1 ms to 1 day; "
                + "in configuration, write 15 seconds as '00:00:15'.");
        }
        else if (name == nameof(LeaderElectionOptions.LeaseDuration) && value.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            failures.Add(
                $"LeaderElection.{name} ({Text(value)}) is not in whole seconds, and the lock record that other clients read has no fractions: "
                + $"use {Text(TimeSpan.FromSeconds(Math.Ceiling(value.TotalSeconds)))}.");
        }
    }

    private static void CheckLease(LeaderElectionOptions options, List<string> failures)
    {
        // The leader measures RenewDeadline on its clock, the contender LeaseDuration on another. In the worst case the leader's
        // clock is slow and the contender's is fast, each by the rate error; even then the leader must end its term first.
        var e = options.MaxClockRateError;
        var factor = (1 + e) / (1 - e);
        if (options.LeaseDuration.Ticks * (1 - e) > options.RenewDeadline.Ticks * (1 + e))
        {
            return;
        }

        var bound = options.RenewDeadline * factor;
        var enough = TimeSpan.FromSeconds(Math.Floor(bound.TotalSeconds) + 1);
        var why = e > 0
            ? Invariant($" × {factor:0.####} = {Text(bound)}, because clocks may run {e * 100:0.####} % wrong")
            : ", or a contender takes over while the previous leader is still active";
        failures.Add(
            $"LeaderElection.LeaseDuration ({Text(options.LeaseDuration)}) must be longer than RenewDeadline ({Text(options.RenewDeadline)}){why}: "
            + $"make LeaseDuration at least {Text(enough)}, or RenewDeadline shorter than {Text(options.LeaseDuration / factor)}.");
    }

    private static void CheckDeadline(LeaderElectionOptions options, List<string> failures)
    {
        var bound = options.AroundOneRequest + options.RequestTimeout;

        // A time limit that was left to its default fits by itself.
        if (options.RenewDeadline < bound)
        {
            failures.Add(
                $"LeaderElection.RenewDeadline ({Text(options.RenewDeadline)}) must be at least 1.3125 × RetryPeriod ({Text(options.RetryPeriod)}) "
                + $"+ RequestTimeout ({Text(options.RequestTimeout)}) + 100 ms = {Text(bound)}, or one slow request costs the leadership: "
                + $"make RenewDeadline at least {Text(bound)}, or the other two shorter.");
        }
    }

    private static string Text(TimeSpan time) =>
        Math.Abs(time.TotalDays) >= 1 ? Invariant($"{time.TotalDays:0.###} days")
        : Math.Abs(time.TotalSeconds) >= 1 || time == TimeSpan.Zero ? Invariant($"{time.TotalSeconds:0.###} s")
        : Invariant($"{time.TotalMilliseconds:0.####} ms");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
