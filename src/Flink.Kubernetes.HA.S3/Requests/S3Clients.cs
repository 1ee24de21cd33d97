using System.Diagnostics.CodeAnalysis;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.SecurityToken;
using Amazon.SSO;
using Amazon.SSOOIDC;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>The clients of the AWS SDK: one that retries, and one that sends a request once.</summary>
/// <param name="Retrying">For reads, lists, parts and deletes.</param>
/// <param name="Once">For conditional writes: they are retried here, because after hidden retries it is not known whether an earlier one
/// took effect.</param>
/// <param name="AreOurs">Whether the clients are disposed with the storage.</param>
internal sealed record S3Clients(IAmazonS3 Retrying, IAmazonS3 Once, bool AreOurs) : IDisposable
{
    public static S3Clients Of(IAmazonS3 client) => new(client, client, AreOurs: false);

    /// <summary>The number of retries of conditional writes.</summary>
    public int Retries { get; private init; } = Retrying.Config?.MaxErrorRetry ?? 0;

    /// <summary>Whether checksums are sent where they need not be.</summary>
    public bool SendsChecksums { get; } = Retrying.Config?.RequestChecksumCalculation != RequestChecksumCalculation.WHEN_REQUIRED;

    // The SDK's chain of credentials creates these by name, which trimming does not see.
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(AmazonSecurityTokenServiceClient))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(AmazonSecurityTokenServiceConfig))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(AmazonSSOClient))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(AmazonSSOConfig))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(AmazonSSOOIDCClient))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(AmazonSSOOIDCConfig))]
    public static S3Clients Create(S3StateStorageOptions options)
    {
        try
        {
            return new S3Clients(
                new AmazonS3Client(Config(options, options.Retries)), new AmazonS3Client(Config(options, retries: 0)), AreOurs: true);
        }
        catch (AmazonClientException exception)
        {
            throw new ArgumentException(
                $"No client for S3 could be created: {exception.Message} Set "
                + $"{nameof(S3StateStorageOptions)}.{nameof(S3StateStorageOptions.Region)} or {nameof(S3StateStorageOptions.ServiceUrl)}.",
                nameof(options),
                exception);
        }
    }

    public void Dispose()
    {
        if (AreOurs)
        {
            Retrying.Dispose();
            Once.Dispose();
        }
    }

    private static AmazonS3Config Config(S3StateStorageOptions options, int retries)
    {
        var config = new AmazonS3Config
        {
            Timeout = options.RequestTimeout,
            MaxErrorRetry = retries,
            RetryMode = RequestRetryMode.Standard,
            ForcePathStyle = options.ForcePathStyle ?? options.ServiceUrl is not null,
        };
        if (options.ServiceUrl is not null)
        {
            config.ServiceURL = options.ServiceUrl;
            config.AuthenticationRegion = options.Region ?? "us-east-1";
        }
        else if (options.Region is not null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }

        if (options.Checksums is { } checksums)
        {
            var isRequired = checksums == S3Checksums.WhenRequired;
            config.RequestChecksumCalculation = isRequired ? RequestChecksumCalculation.WHEN_REQUIRED : RequestChecksumCalculation.WHEN_SUPPORTED;
            config.ResponseChecksumValidation = isRequired ? ResponseChecksumValidation.WHEN_REQUIRED : ResponseChecksumValidation.WHEN_SUPPORTED;
        }

        return config;
    }
}
