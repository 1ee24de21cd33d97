namespace Flink.Kubernetes.HA.TestAgent;

/// <summary>One try of one kind of write; what it sends and stores is told from that of others.</summary>
internal sealed class WriteAttempt(string kind, string tag)
{
    private static readonly AsyncLocal<WriteAttempt?> Flowing = new();

    /// <summary>The attempt that the code which runs now belongs to.</summary>
    public static WriteAttempt? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    public string Kind => kind;

    /// <summary>Told in what it writes; nothing else has it.</summary>
    public string Tag => tag;

    /// <summary>How many patches went to the API server.</summary>
    public int Sent { get; set; }
}
