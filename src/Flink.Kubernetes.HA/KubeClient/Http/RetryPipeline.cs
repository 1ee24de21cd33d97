using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Repeats a request that failed harmlessly: after the time that the server asked for, else with growing, random waits.</summary>
internal static class RetryPipeline
{
    public static ResiliencePipeline<Attempt> Create(KubeClientOptions options, TimeProvider timeProvider, ILogger logger) => options.MaxRetries == 0
        ? ResiliencePipeline<Attempt>.Empty
        : new ResiliencePipelineBuilder<Attempt> { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions<Attempt>
            {
                MaxRetryAttempts = options.MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.MaxRetryDelay,
                ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Result is { IsRetriable: true }),
                DelayGenerator = static args => ValueTask.FromResult(args.Outcome.Result?.Failure?.RetryAfter),
                OnRetry = args =>
                {
                    Log.RequestRetried(logger, args.RetryDelay.TotalMilliseconds, args.AttemptNumber + 1, args.Outcome.Result?.Failure?.Message);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
}
