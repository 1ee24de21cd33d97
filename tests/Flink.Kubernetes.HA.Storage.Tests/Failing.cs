namespace Flink.Kubernetes.HA.Storage.Tests;

/// <summary>Short ways to look at what a storage throws.</summary>
internal static class Failing
{
    /// <summary>The call must fail in this way, with a message that holds the advice.</summary>
    public static async Task<StateStorageException> AssertAsync(StateStorageFailure expected, Func<Task> call, string advice, bool isOutcomeUnknown = false)
    {
        var exception = (await call.Should().ThrowExactlyAsync<StateStorageException>()).Which;
        exception.Failure.Should().Be(expected, $"the message is: {exception.Message}");
        exception.Message.Should().Contain(advice);
        exception.IsOutcomeUnknown.Should().Be(isOutcomeUnknown, $"the message is: {exception.Message}");
        return exception;
    }
}
