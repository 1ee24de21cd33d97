namespace Flink.Kubernetes.HA.Storage.Tests;

/// <summary>Short ways to look at what a storage throws.</summary>
internal static class Failing
{
    /// <summary>The call must fail in this way, with a message that holds the advice.</summary>
    public static async Task<StateStorageException> AssertAsync(StateStorageFailure expected, Func<Task> call, string advice, bool isOutcomeUnknown = false)
    {
        var exception = await Assert.ThrowsAsync<StateStorageException>(call);
        Assert.True(expected == exception.Failure, $"{exception.Failure}: {exception.Message}");
        Assert.Contains(advice, exception.Message, StringComparison.Ordinal);
        Assert.True(isOutcomeUnknown == exception.IsOutcomeUnknown, $"IsOutcomeUnknown is {exception.IsOutcomeUnknown}: {exception.Message}");
        return exception;
    }
}
