using Amazon.S3;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.S3;

/// <summary>Validates the options when the host starts.</summary>
/// <param name="services">Tells whether the container has a client; <see langword="null"/> with a container that cannot.</param>
internal sealed class S3StateStorageOptionsValidator(IServiceProviderIsService? services = null) : IValidateOptions<S3StateStorageOptions>
{
    public ValidateOptionsResult Validate(string? name, S3StateStorageOptions options) =>
        (options.Problem() ?? (services?.IsService(typeof(IAmazonS3)) == true ? options.ProblemWithClient() : null)) is { } problem ? ValidateOptionsResult.Fail(problem) : ValidateOptionsResult.Success;
}
