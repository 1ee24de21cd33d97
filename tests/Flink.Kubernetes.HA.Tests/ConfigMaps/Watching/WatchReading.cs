using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.ConfigMaps.Watching;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>Reads the states of a subscription, or its failures, as two streams.</summary>
internal static class WatchReading
{
    private static readonly ConditionalWeakTable<WatchSubscription, Given> Readers = [];

    public static async Task<Observation> NextStateAsync(this WatchSubscription subscription, CancellationToken cancellationToken)
    {
        var given = Readers.GetOrCreateValue(subscription);
        if (given.Skipped is { } skipped)
        {
            given.Skipped = null;
            return given.Observation = skipped;
        }

        while (true)
        {
            var state = await subscription.NextAsync(cancellationToken);
            if (state.Observation is { } observation && !ReferenceEquals(observation, given.Observation))
            {
                return given.Observation = observation;
            }
        }
    }

    public static async Task<Exception?> NextFailureAsync(this WatchSubscription subscription, CancellationToken cancellationToken)
    {
        var given = Readers.GetOrCreateValue(subscription);
        while (ReferenceEquals(subscription.Failure, given.Failure))
        {
            var state = await subscription.NextAsync(cancellationToken);
            given.Skipped = ReferenceEquals(state.Observation, given.Observation) ? given.Skipped : state.Observation;
        }

        return given.Failure = subscription.Failure;
    }

    private sealed class Given
    {
        public Observation? Observation { get; set; }

        /// <summary>A state that was read while a failure was waited for.</summary>
        public Observation? Skipped { get; set; }

        public Exception? Failure { get; set; }
    }
}
